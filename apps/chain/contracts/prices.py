"""What the fund's oracle adapter and aggregator feeds say of prices, at one block.

A price is USDT per whole token with 18 decimals; what is none (zero, negative, not answered) is
None, never zero.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from apps.chain.client import Reader
from apps.chain.config import ChainConfig
from apps.chain.contracts import abi
from apps.chain.contracts.fund_state import BlockRef
from apps.chain.contracts.returned import decoded, returned_at
from apps.core.clock import from_timestamp
from apps.core.units import UINT256_MAX

_DECIMALS = 18
_PRICE = abi.function("oracle", "getPrice")
_UPDATED = abi.function("oracle", "updatedAt")
_ROUND = abi.function("aggregator", "latestRoundData")
_FEED_DECIMALS = abi.function("aggregator", "decimals")
_NO_FEED = "There is no aggregator that answers."


@dataclass(frozen=True, slots=True, kw_only=True)
class AdapterPrice:
    """What the contracts trade at; ``updated_at`` is None where the adapter does not say."""

    price: int | None
    updated_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedAnswer:
    """An aggregator's latest round; ``error`` says why there is no price."""

    price: int | None
    updated_at: datetime | None
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceReading:
    """Prices by token as the adapter has them, and by address what feeds say."""

    block: BlockRef
    adapter: Mapping[str, AdapterPrice]
    feeds: Mapping[str, FeedAnswer]


def read_prices(
    client: Reader,
    config: ChainConfig,
    block: BlockRef,
    *,
    feeds: Collection[str],
    tokens: Collection[str],
) -> PriceReading:
    """Prices of the register's assets and of ``tokens``, and the feeds' answers, at a block.

    Raises:
        ChainUnavailable: no node answers.
        abi.Undecodable: the controller does not tell its register.
    """
    wanted = sorted({*_register(client, config, block), *(token.lower() for token in tokens)})
    addresses = sorted({feed.lower() for feed in feeds})
    oracle = next((c.address for c in config.contracts if c.kind == "oracle"), None)
    asked: list[tuple[str, str]] = []
    if oracle is not None:
        for token in wanted:
            asked += [(oracle, _PRICE.encode(token)), (oracle, _UPDATED.encode(token))]
    for address in addresses:
        asked += [(address, _ROUND.encode()), (address, _FEED_DECIMALS.encode())]
    answers = iter(returned_at(client, block.hash, asked))
    return PriceReading(
        block=block,
        adapter={
            token: _adapter(answers) if oracle else AdapterPrice(price=None, updated_at=None)
            for token in wanted
        },
        feeds={address: _feed(answers) for address in addresses},
    )


def _register(client: Reader, config: ChainConfig, block: BlockRef) -> list[str]:
    controller = config.contract("asset_controller")
    function = abi.function("asset_controller", "getAssetConfigs", controller.generation)
    [data] = returned_at(client, block.hash, [(controller.address, function.encode())])
    if data is None:
        raise abi.Undecodable(f"The contract at {controller.address} does not tell its assets.")
    [listed] = function.decode_output(data)
    return [asset[0].lower() for asset in listed]


def _adapter(answers: Iterator[str | None]) -> AdapterPrice:
    price, updated = _word(_PRICE, next(answers)), _word(_UPDATED, next(answers))
    return AdapterPrice(
        price=price or None, updated_at=from_timestamp(updated) if updated else None
    )


def _feed(answers: Iterator[str | None]) -> FeedAnswer:
    latest, decimals = decoded(_ROUND, next(answers)), _word(_FEED_DECIMALS, next(answers))
    if latest is None or decimals is None:
        return FeedAnswer(price=None, updated_at=None, error=_NO_FEED)
    _, answer, _, updated, _ = latest
    if updated == 0:
        return FeedAnswer(price=None, updated_at=None, error="Its round is not complete.")
    price, error = _scaled(answer, decimals)
    return FeedAnswer(price=price, updated_at=from_timestamp(updated), error=error)


def _scaled(answer: int, decimals: int) -> tuple[int | None, str]:
    """An answer with 18 decimals, rounded down; or why it is no price."""
    if answer <= 0:
        return None, f"Its answer is {answer}, which is no price."
    if decimals <= _DECIMALS:
        price = answer * 10 ** (_DECIMALS - decimals)
    else:
        price = answer // 10 ** (decimals - _DECIMALS)
    if price == 0:
        return None, f"Its answer is {answer} with {decimals} decimals, which rounds to nothing."
    if price > UINT256_MAX:
        return None, "Its answer is beyond any price."
    return price, ""


def _word(function: abi.FunctionAbi, data: str | None) -> int | None:
    answer = decoded(function, data)
    return None if answer is None else int(answer[0])
