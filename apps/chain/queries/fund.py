"""The fund as its contracts state it, read at one block."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from apps.chain import config as chain_config
from apps.chain.client import ChainUnavailable, Client, RpcRefused
from apps.chain.client.blocks import NodeLied, header_of
from apps.chain.config import ChainConfig
from apps.chain.contracts import abi, fund_state, prices, views
from apps.chain.contracts import tokens as token_words
from apps.chain.contracts.fund_state import BlockRef, FundState, VaultState
from apps.chain.contracts.prices import PriceReading
from apps.chain.contracts.tokens import TokenWords
from apps.chain.contracts.views import SharesSetAside
from apps.chain.queries.nodes import web_client
from apps.chain.queries.status import final_block


def fund_chain() -> ChainConfig:
    """The chain that the fund's vault lives on.

    Raises:
        config.BadChainFile: none is configured.
    """
    return chain_config.fund_chain()


def read_vault_state(block: BlockRef | None = None) -> VaultState:
    """The vault's summary at a block (the newest final one unless given).

    Raises:
        ChainUnavailable: no node answers, or there is no final block yet.
    """
    try:
        return fund_state.read_vault_state(
            web_client(fund_chain()), fund_chain(), _block_or_final(block)
        )
    except abi.Undecodable as error:
        raise ChainUnavailable(str(error)) from error


def read_fund_state(block: BlockRef | None = None) -> FundState:
    """Everything a snapshot needs at a block (the newest final one unless given).

    Raises:
        ChainUnavailable: no node answers, or the contract does not.
    """
    try:
        return fund_state.read_fund_state(
            web_client(fund_chain()), fund_chain(), _block_or_final(block)
        )
    except abi.Undecodable as error:
        raise ChainUnavailable(str(error)) from error


def read_shares_set_aside(block: BlockRef, accounts: Sequence[str]) -> dict[str, SharesSetAside]:
    """Shares that the vault keeps locked, or waiting for approval, by account.

    Raises:
        ChainUnavailable: no node answers.
    """
    config = fund_chain()
    return views.read_shares_set_aside(
        web_client(config), config.contract("vault"), block, accounts
    )


def read_token(token: str, block: BlockRef | None = None) -> TokenWords:
    """What any token says of itself at a block (the newest final one unless given).

    Raises:
        ChainUnavailable: no node answers, or there is no final block yet.
    """
    return token_words.read_token(web_client(fund_chain()), token, _block_or_final(block).hash)


def read_prices(feeds: Mapping[str, Collection[str]], tokens: Collection[str] = ()) -> PriceReading:
    """What the contracts trade at and what aggregators say, at the newest final block.

    Args:
        feeds: the aggregators' addresses by token.
        tokens: assets to read beside those of the register.

    Raises:
        ChainUnavailable: no node answers, there is no final block yet, or no register.
    """
    config = fund_chain()
    try:
        return prices.read_prices(
            web_client(config),
            config,
            _block_or_final(None),
            feeds={feed for several in feeds.values() for feed in several},
            tokens=tokens,
        )
    except abi.Undecodable as error:
        raise ChainUnavailable(str(error)) from error


def block_at_or_before(instant: datetime) -> BlockRef | None:
    """The fund chain's newest final block at or before an instant, by asking a node.

    None when the chain began later.

    Raises:
        ChainUnavailable: no node answers.
    """
    config = fund_chain()
    client = web_client(config)
    newest = final_block(config.chain_id)
    if newest is None:
        raise ChainUnavailable("There is no final block yet.")
    if newest.time <= instant:
        return newest
    low, high = config.start_block, newest.number
    best: BlockRef | None = None
    while low <= high:
        middle = (low + high) // 2
        header = _header(client, middle)
        if header.time <= instant:
            best, low = header, middle + 1
        else:
            high = middle - 1
    return best


def _header(client: Client, number: int) -> BlockRef:
    try:
        header = header_of(client.call("eth_getBlockByNumber", hex(number), False), number=number)
    except (NodeLied, RpcRefused) as error:
        raise ChainUnavailable(f"Block {number} cannot be read: {error}.") from error
    return BlockRef(header.number, header.hash, header.at)


def _block_or_final(block: BlockRef | None) -> BlockRef:
    block = block or final_block(fund_chain().chain_id)
    if block is None:
        raise ChainUnavailable("There is no final block yet.")
    return block
