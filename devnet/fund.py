"""The deployed fund as one object: its contracts, and reading them.

Amounts are integers of base units: USDT and shares have 18 decimals (`usdt(1_000)` makes a
thousand), asset tokens their own. Ratios are basis points, times Unix seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

from devnet.abi import artifact
from devnet.assets import ASSETS, ONE, AssetTerms
from devnet.chain import Chain
from devnet.chain_file import ChainFileInvalid, read_chain_file
from devnet.price_sources import PRICE_SOURCES_FILE, read_feeds
from devnet.rpc import Rpc

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from devnet.accounts import Actor
    from devnet.chain import Receipt
    from devnet.chain_file import ChainEntry

STANDARD, EMERGENCY, SCHEDULED = 0, 1, 2
PENDING, PENDING_APPROVAL, APPROVED, SETTLED, CANCELLED = 0, 1, 2, 3, 4
BPS = 10_000


def usdt(amount: int) -> int:
    """Whole USDT (or shares) in base units."""
    return amount * ONE


def ceil_div(numerator: int, denominator: int) -> int:
    """Integer quotient, rounded up."""
    return -(-numerator // denominator)


@dataclass(frozen=True)
class Contract:
    """A contract at an address."""

    chain: Chain
    name: str
    address: str

    def read(self, function: str, *args: Any, block: int | str = "latest") -> Any:
        """Calls a view; several named outputs come as a dict, structs too."""
        compiled = artifact(self.name)
        answer = self.chain.read(self.address, compiled.encode_call(function, *args), block=block)
        return compiled.decode_result(function, answer, args_count=len(args))

    def send(self, sender: Actor | str, function: str, *args: Any) -> Receipt:
        """Sends a transaction and waits for it.

        Raises:
            Reverted: The contract refuses.
        """
        return self.chain.send(
            sender if isinstance(sender, str) else sender.address,
            self.address,
            artifact(self.name).encode_call(function, *args),
        )

    def transaction(self, sender: Actor, function: str, *args: Any) -> dict[str, str]:
        """The same as an unsent JSON-RPC object, for `Chain.reorg`."""
        data = artifact(self.name).encode_call(function, *args)
        return {"from": sender.address, "to": self.address, "data": data}


@dataclass(frozen=True)
class VaultState:
    """The vault's figures at one block."""

    total_assets: int
    total_supply: int
    share_price: int
    layer1: int
    layer2: int
    layer3: int
    liability: int
    locked_shares: int
    emergency_mode: bool

    @property
    def gross_assets(self) -> int:
        """Cash and asset value, before liabilities and fees."""
        return self.layer1 + self.layer2 + self.layer3

    @property
    def liquidity_bps(self) -> int:
        """(L1 + L2) / gross, rounded down; 10 000 when the fund is empty."""
        liquid = self.layer1 + self.layer2
        return liquid * BPS // self.gross_assets if self.gross_assets else BPS


class Fund:
    """The contracts named in a chain file, on a node whose accounts are unlocked."""

    def __init__(
        self, chain: Chain, entry: ChainEntry, feeds: Mapping[str, str] | None = None
    ) -> None:
        """`feeds`: addresses of the price feeds by token; None when there are none."""
        self.chain = chain
        self.entry = entry
        self._feeds = feeds or {}
        suffix = "V2" if entry.generation("vault") == "v2" else ""
        manager = entry.address("redemption_manager")
        self.vault = Contract(chain, f"FundVault{suffix}", entry.address("vault"))
        self.manager = Contract(chain, f"RedemptionManager{suffix}", manager)
        self.controller = Contract(chain, "AssetController", entry.address("asset_controller"))
        self.oracle = Contract(chain, "OracleAdapter", entry.address("oracle"))
        self.usdt = Contract(chain, "MockUSDT", entry.address("stablecoin"))

    @classmethod
    def connect(cls, chain_file: Path, *, rpc_url: str | None = None, name: str = "devnet") -> Self:
        """Opens the fund that a chain file describes.

        Args:
            chain_file: As written by `deploy`.
            rpc_url: The node to use instead of the file's first one.
            name: Which chain of the file.

        Raises:
            ChainFileInvalid: No such file, or no such chain in it.
        """
        for entry in read_chain_file(chain_file):
            if entry.name == name:
                chain = Chain(Rpc(rpc_url or entry.rpc_urls[0]))
                return cls(chain, entry, read_feeds(chain_file.parent / PRICE_SOURCES_FILE))
        raise ChainFileInvalid(f"{chain_file} names no chain {name}")

    def contract(self, kind: str) -> Contract:
        """A contract by the chain file's word for it, or `vault`, `manager`, `controller`."""
        known = {
            "vault": self.vault,
            "manager": self.manager,
            "redemption_manager": self.manager,
            "controller": self.controller,
            "asset_controller": self.controller,
        }
        if kind not in known:
            raise ChainFileInvalid(f"no contract of kind {kind}; known: {', '.join(known)}")
        return known[kind]

    def state(self, *, block: int | str = "latest") -> VaultState:
        """The vault's figures."""
        return VaultState(*self.vault.read("getVaultState", block=block).values())

    def request(self, request_id: int) -> dict[str, Any]:
        """A redemption request by the contract's field names.

        Raises:
            Reverted: RequestNotFound.
        """
        found: dict[str, Any] = self.manager.read("getRedemptionRequest", request_id)
        return found

    def shares_of(self, investor: Actor) -> int:
        """Shares the investor can still redeem or transfer."""
        free: int = self.vault.read("availableShares", investor.address)
        return free

    def shares_worth(self, assets: int) -> int:
        """The fewest shares whose redemption now grosses at least `assets`."""
        return ceil_div(assets * ONE, self.state().share_price)

    def request_ids(self, *statuses: int) -> list[int]:
        """Ids of all requests in one of the given states, oldest first."""
        count: int = self.manager.read("getRequestCount")
        return [i for i in range(1, count + 1) if self.request(i)["status"] in statuses]

    @cached_property
    def voucher(self) -> Contract:
        """The voucher token; v2 only.

        Raises:
            ChainFileInvalid: This chain has none.
        """
        return Contract(self.chain, "RedemptionVoucher", self.entry.address("voucher"))

    @cached_property
    def tokens(self) -> dict[str, Contract]:
        """Asset tokens by symbol."""
        configs = self.controller.read("getAssetConfigs")
        tokens = [Contract(self.chain, "MockRWAToken", c["tokenAddress"]) for c in configs]
        return {token.read("symbol"): token for token in tokens}

    @cached_property
    def feeds(self) -> dict[str, Contract]:
        """Price feeds by symbol; empty on a chain deployed without them."""
        by_token = {
            token: Contract(self.chain, "PriceFeed", feed) for token, feed in self._feeds.items()
        }
        return {
            symbol: by_token[token.address]
            for symbol, token in self.tokens.items()
            if token.address in by_token
        }

    @cached_property
    def hub(self) -> Contract:
        """What all price feeds answer from.

        Raises:
            ChainFileInvalid: This chain has no feeds.
        """
        for feed in self.feeds.values():
            return Contract(self.chain, "FeedHub", feed.read("hub"))
        raise ChainFileInvalid(f"chain {self.entry.name} has no price feeds")

    @cached_property
    def desks(self) -> tuple[Contract, ...]:
        """The counterparties of all trades."""
        adapters = {c["purchaseAdapter"] for c in self.controller.read("getAssetConfigs")}
        addresses = {
            self.controller.read("otcManager"),
            self.controller.read("swapHelper"),
            *(address for address in adapters if int(address, 16)),
        }
        return tuple(Contract(self.chain, "TradingDesk", address) for address in sorted(addresses))

    def listed(self) -> list[AssetTerms]:
        """Terms of the assets of `assets.ASSETS` the controller lists now."""
        configs = self.controller.read("getAssetConfigs")
        addresses = {config["tokenAddress"] for config in configs}
        return [t for t in ASSETS if self.tokens[t.symbol].address in addresses]

    def price(self, symbol: str) -> int:
        """The oracle's price, 18 decimals."""
        price: int = self.oracle.read("getPrice", self.tokens[symbol].address)
        return price

    def holding(self, symbol: str) -> int:
        """Tokens the vault holds, in the token's base units."""
        held: int = self.tokens[symbol].read("balanceOf", self.vault.address)
        return held
