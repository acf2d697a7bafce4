"""What the contracts would say to a new asset, before anybody is asked."""

from dataclasses import dataclass

from apps.chain import queries as chain
from apps.chain.calls import AddAsset
from apps.chain.terms import Tier
from apps.fund.rules.called import Called


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """Whether the controller would list a token at a block, and if not, why; ``price_assets`` is
    what the fund's oracle adapter says of it (assets per whole token), None when it knows none; and
    what the token calls itself, as of the newest final block."""

    ok: bool
    error: str
    block_number: int
    price_assets: int | None
    called: Called


def try_adding(*, chain_id: int, token: str, tier: Tier, share_bps: int) -> Trial:
    """Let the controller try to list a token, without sending anything, and ask for its price and
    its name.

    Raises:
        ChainUnavailable: no node answers.
    """
    run = chain.dry_run(
        AddAsset(chain_id=chain_id, token=token, tier=tier, allocation_bps=share_bps)
    )
    reading = chain.read_prices({}, [token])
    said = reading.adapter.get(token)
    return Trial(
        ok=run.ok,
        error=run.error,
        block_number=run.block_number,
        price_assets=said.price if said else None,
        called=called_now(token, reading.block),
    )


def called_now(token: str, block: chain.BlockRef | None = None) -> Called:
    """What a token calls itself at a block (the newest final one unless given).

    Raises:
        ChainUnavailable: no node answers.
    """
    words = chain.read_token(token, block)
    return Called(name=words.name, symbol=words.symbol, decimals=words.decimals)
