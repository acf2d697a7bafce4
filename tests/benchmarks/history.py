"""A past to read: 50 000 share transfers of the fund's real vault, on a node of its own.

The transfers are made by the contract `Crowd`, so many in a block as wanted; who pays whom follows
from the block's number. Making all of it takes seconds, so nothing is kept between two runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from devnet.abi import artifact
from devnet.accounts import ADMIN, INVESTORS
from devnet.chain import Chain
from devnet.chain_file import read_chain_file, write_chain_file
from devnet.deploy import CHAIN_FILE, deploy
from devnet.fund import Contract, Fund, usdt
from devnet.investing import Investing
from devnet.node import Anvil
from devnet.rpc import Rpc

EVENTS = 50_000
CONFIRMATIONS = 15
# Beyond every reader's finality, so that all of it is past.
BLOCKS_ON_TOP = 64
MEMBERS = 200
# Anvil writes a past state to disk for each of these; logs and headers it keeps for all blocks.
STATES_KEPT = 50
_GAS = 25_000_000
_MEMBERS_PER_BLOCK = 50


class Crowded(Investing):
    """The fund with a crowd of holders who trade among each other."""

    def gather(self) -> Contract:
        """Deploy the crowd and give it members and shares."""
        investor = INVESTORS[0]
        self.subscribe(investor, usdt(1_000_000))
        made = self.chain.create(ADMIN.address, artifact("Crowd"), self.vault.address)
        crowd = Contract(self.chain, "Crowd", str(made.contract_address))
        self.vault.send(investor, "transfer", crowd.address, usdt(900_000))
        for _ in range(MEMBERS // _MEMBERS_PER_BLOCK):
            crowd.send(ADMIN, "grow", _MEMBERS_PER_BLOCK, usdt(4_000))
        return crowd


def trade(crowd: Contract, *, seed: int, transfers: int) -> str:
    """Send a transaction of so many transfers without waiting for it; its hash."""
    data = artifact("Crowd").encode_call("trade", seed, transfers, 10**15)
    sent = {"from": ADMIN.address, "to": crowd.address, "data": data, "gas": hex(_GAS)}
    tx_hash: str = crowd.chain.rpc.call("eth_sendTransaction", sent)
    return tx_hash


@dataclass(frozen=True)
class Past:
    """A chain that stands still."""

    url: str
    chain_file: Path
    fund: Fund
    head: int


@contextmanager
def past(folder: Path, *, logs_per_block: int, events: int = EVENTS) -> Iterator[Past]:
    """A node with `events` transfers in the blocks behind it, `logs_per_block` in each."""
    with Anvil.start(genesis_days_ago=30, history_blocks=STATES_KEPT) as node:
        deploy(node.url, folder, password="benchmark", confirmations=CONFIRMATIONS)
        _forget_deployment(folder / CHAIN_FILE, Chain(Rpc(node.url)).block().number)
        fund = Crowded.connect(folder / CHAIN_FILE)
        crowd = fund.gather()
        _write(fund.chain, crowd, blocks=events // logs_per_block, logs_per_block=logs_per_block)
        head = fund.chain.mine(BLOCKS_ON_TOP)
        yield Past(node.url, folder / CHAIN_FILE, fund, head.number)


def _forget_deployment(chain_file: Path, last_block: int) -> None:
    """Let readers begin after it: its events need states that the node will not keep so long."""
    entry = read_chain_file(chain_file)[0]
    later = [replace(contract, start_block=last_block + 1) for contract in entry.contracts]
    write_chain_file(chain_file, [replace(entry, contracts=tuple(later))])


def _write(chain: Chain, crowd: Contract, *, blocks: int, logs_per_block: int) -> None:
    # A node that mines at once would put several into one block when they come fast.
    chain.rpc.call("evm_setAutomine", False)
    for seed in range(blocks):
        trade(crowd, seed=seed, transfers=logs_per_block)
        chain.rpc.call("anvil_mine", "0x1")
    chain.automine()
