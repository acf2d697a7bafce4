"""A development chain kept in a folder: started, and on its first start deployed and lived in.

    with bring_up(Path("var/devnet"), password="...", port=8545) as node:
        ...

The folder holds the chain file, the keystore and anvil's state; deleting it begins a new chain.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from devnet.chain import Chain
from devnet.deploy import CHAIN_FILE, deploy
from devnet.errors import DevnetError
from devnet.fund import Fund
from devnet.history import seed_activity
from devnet.node import Anvil
from devnet.rpc import Rpc
from devnet.scenario import Scenario

if TYPE_CHECKING:
    from pathlib import Path

STATE_FILE = "anvil-state.json"


class ChainLost(DevnetError):
    """The folder describes contracts that its chain does not have."""


def bring_up(
    folder: Path,
    *,
    password: str,
    port: int = 0,
    block_seconds: int = 1,
    days: int = 120,
    seed: bool = True,
    finality: str | None = None,
) -> Anvil:
    """Starts the folder's chain; a new one is deployed, given a past, and then runs by the clock.

    Args:
        folder: Where the chain lives.
        password: Encrypts the signer's keystore of a new chain.
        port: 0 picks a free one; keep to one port, for the chain file names it.
        block_seconds: A block every so many seconds.
        days: How far back a new chain's past reaches.
        seed: Whether a new chain has a past at all; without, its clock still lies `days` back.
        finality: "finalized" makes the chain file go by the node's tag, two blocks behind the head.

    Raises:
        ChainLost: The contracts of the chain file are gone, for example after a crash before the
            first state was written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    known = (folder / CHAIN_FILE).exists()
    node = Anvil.start(
        port,
        state_path=folder / STATE_FILE,
        genesis_days_ago=None if known else days,
        slots_in_an_epoch=1 if finality else None,
    )
    try:
        if known:
            _check(folder, node)
        else:
            deploy(
                node.url,
                folder,
                password=password,
                finality=finality,
                block_time_seconds=float(block_seconds),
            )
            if seed:
                seed_activity(Scenario.connect(folder / CHAIN_FILE))
        Chain(Rpc(node.url)).mine_every(block_seconds)
    except BaseException:
        node.stop()
        raise
    return node


def _check(folder: Path, node: Anvil) -> None:
    fund = Fund.connect(folder / CHAIN_FILE, rpc_url=node.url)
    if fund.chain.rpc.call("eth_getCode", fund.vault.address, "latest") == "0x":
        raise ChainLost(f"the chain in {folder} has lost its contracts; delete the folder")
