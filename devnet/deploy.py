"""Deploys the fund: contracts, wiring, roles, the signer's key, the chain file.

    chain = deploy("http://127.0.0.1:8545", Path("var/devnet"), password="...")

writes `chains.toml`, `signer.json` (an encrypted keystore), `errors.json` (the contracts' custom
errors), `price_sources.toml` and `asset_terms.toml` into the folder and answers the chain's entry.
Takes about a second.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from eth_account import Account
from eth_utils.crypto import keccak

from devnet.abi import artifact, custom_errors
from devnet.accounts import (
    ADMIN,
    ADMIN_2,
    APPROVER_1,
    APPROVER_2,
    APPROVER_3,
    FEE_RECIPIENT,
    OPERATOR,
)
from devnet.asset_terms import ASSET_TERMS_FILE, write_asset_terms
from devnet.assets import ASSETS, AUTO, ONE
from devnet.chain import Chain
from devnet.chain_file import ChainEntry, ContractEntry, SignerEntry, write_chain_file
from devnet.price_sources import PRICE_SOURCES_FILE, feed_answer, write_price_sources
from devnet.rpc import Rpc
from devnet.safe import deploy_safe

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from devnet.chain import Receipt

CHAIN_FILE = "chains.toml"
KEYSTORE_FILE = "signer.json"
ERRORS_FILE = "errors.json"
PASSWORD_ENV = "PAIMON_SIGNER_PASSWORD"  # noqa: S105 - the variable's name
MULTICALL3 = "0xcA11bde05977b3631167028862bE2a173976CA11"

_DAY_SECONDS = 86_400
_FIRST_WINDOW_AFTER_SECONDS = 45 * _DAY_SECONDS
_DESK_CASH = 100_000_000 * ONE
_EMERGENCY_QUOTA = 500_000 * ONE
_SIGNER_WEI = 1_000 * ONE
# Light on purpose: the key guards nothing but play money.
_SCRYPT_N = 2**13


def role(name: str) -> bytes:
    """On-chain id of a role; the default administrator's is zero."""
    return bytes(32) if name == "DEFAULT_ADMIN_ROLE" else keccak(text=name)


def deploy(
    rpc_url: str,
    folder: Path,
    *,
    password: str,
    name: str = "devnet",
    rpc_urls: Sequence[str] | None = None,
    confirmations: int | None = 15,
    finality: str | None = None,
    block_time_seconds: float = 1.0,
    explorer_url: str = "",
    generation: str = "v1",
    price_server_url: str = "",
) -> ChainEntry:
    """Deploys everything and writes the folder's files.

    Args:
        rpc_url: A node whose first accounts are those of `accounts`, unlocked.
        folder: Where the files go; made when missing.
        password: Encrypts the signer's keystore.
        name: The chain's name.
        rpc_urls: What the chain file lists, in order of preference; `rpc_url` alone when None.
        confirmations: Blocks until final.
        finality: "finalized" to go by the node's tag instead.
        block_time_seconds: What the chain file says.
        explorer_url: What the chain file says; empty for none.
        generation: Which contracts: "v1", or "v2" with vouchers and liabilities by day.
        price_server_url: Where the price server will be; empty for none.

    Raises:
        DevnetError: The node is not there, or not ours.
    """
    folder.mkdir(parents=True, exist_ok=True)
    chain = Chain(Rpc(rpc_url))
    signer = _make_signer(folder, password)
    safe = SignerEntry("warm wallet", deploy_safe(chain), type="safe", executor=signer.name)
    deployment = _Deployment(chain, generation)
    contracts = deployment.run(signer.address, safe.address)
    chain.rpc.call("anvil_setBalance", signer.address, hex(_SIGNER_WEI))
    (folder / ERRORS_FILE).write_text(json.dumps(custom_errors(), indent=1) + "\n")
    entry = ChainEntry(
        name=name,
        chain_id=int(chain.rpc.call("eth_chainId"), 16),
        rpc_urls=tuple(rpc_urls or [rpc_url]),
        ws_urls=(rpc_url.replace("http", "ws", 1),),  # anvil speaks both at one port
        confirmations=None if finality else confirmations,
        finality=finality,
        block_time_seconds=block_time_seconds,
        explorer_url=explorer_url,
        contracts=contracts,
        signers=(signer, safe),
    )
    write_chain_file(folder / CHAIN_FILE, [entry])
    sources = folder / PRICE_SOURCES_FILE
    feeds = {deployment.tokens[symbol]: feed for symbol, feed in deployment.feeds.items()}
    write_price_sources(sources, feeds, price_server_url=price_server_url)
    write_asset_terms(folder / ASSET_TERMS_FILE, deployment.tokens, at=datetime.now(UTC))
    return entry


def _make_signer(folder: Path, password: str) -> SignerEntry:
    account = Account.create()
    keystore = Account.encrypt(account.key, password, kdf="scrypt", iterations=_SCRYPT_N)
    path = folder / KEYSTORE_FILE
    path.touch(mode=0o600)
    path.write_text(json.dumps(keystore) + "\n")
    return SignerEntry("operations", account.address, KEYSTORE_FILE, PASSWORD_ENV)


@dataclass(frozen=True)
class _Contract:
    name: str
    address: str
    block_number: int


class _Deployment:
    """One deployment, step by step, all from ADMIN; `tokens` and price `feeds` are by symbol."""

    def __init__(self, chain: Chain, generation: str) -> None:
        self.tokens: dict[str, str] = {}
        self.feeds: dict[str, str] = {}
        self._chain = chain
        self._generation = generation

    def run(self, signer: str, safe: str) -> tuple[ContractEntry, ...]:
        self._install_multicall()
        usdt = self._create("MockUSDT")
        oracle = self._create("OracleAdapter", ADMIN.address)
        now = self._chain.block().timestamp
        scheduler = self._create("RedemptionScheduler", now + _FIRST_WINDOW_AFTER_SECONDS)
        vault, manager, *more = self._create_vault_and_manager(usdt)
        controller = self._create("AssetController", vault.address, ADMIN.address)
        desks = [
            self._create("TradingDesk", usdt.address, oracle.address, ADMIN.address)
            for _ in range(3)
        ]

        self._wire(vault, manager, controller, oracle, scheduler, desks)
        self._grant_roles(vault, manager, controller, (signer, safe))
        if self._generation == "v2":
            self._connect_v2(vault, manager, *more)
        for desk in desks:
            self._call(usdt, "mint", desk.address, _DESK_CASH)
        self._list_assets(controller, oracle, desks)
        return (
            self._entry("vault", vault),
            self._entry("redemption_manager", manager),
            self._entry("asset_controller", controller),
            *(self._entry("voucher", voucher) for voucher in more),
            self._entry("oracle", oracle),
            self._entry("stablecoin", usdt),
        )

    def _create_vault_and_manager(self, usdt: _Contract) -> list[_Contract]:
        """The vault, the redemption manager and, in v2, the voucher."""
        if self._generation == "v1":
            vault = self._create("FundVault", usdt.address, ADMIN.address)
            return [vault, self._create("RedemptionManager", vault.address, ADMIN.address)]
        vault = self._create("FundVaultV2", usdt.address, ADMIN.address)
        voucher = self._create("RedemptionVoucher", ADMIN.address)
        manager = self._create("RedemptionManagerV2", vault.address, ADMIN.address, voucher.address)
        return [vault, manager, voucher]

    def _connect_v2(self, vault: _Contract, manager: _Contract, voucher: _Contract) -> None:
        self._call(vault, "setRedemptionManager", manager.address)
        self._call(vault, "refreshEmergencyQuota", _EMERGENCY_QUOTA)
        self._grant(voucher, "MINTER_ROLE", manager.address)

    def _wire(
        self,
        vault: _Contract,
        manager: _Contract,
        controller: _Contract,
        oracle: _Contract,
        scheduler: _Contract,
        desks: Sequence[_Contract],
    ) -> None:
        self._call(vault, "setAssetController", controller.address)
        self._call(manager, "setAssetController", controller.address)
        self._call(manager, "setAssetScheduler", scheduler.address)
        self._call(controller, "setOracleAdapter", oracle.address)
        self._call(controller, "setOTCManager", desks[0].address)
        self._call(controller, "setSwapHelper", desks[1].address)
        self._call(controller, "setFeeRecipient", FEE_RECIPIENT.address)

    def _grant_roles(
        self,
        vault: _Contract,
        manager: _Contract,
        controller: _Contract,
        signers: tuple[str, ...],
    ) -> None:
        self._grant(vault, "OPERATOR_ROLE", manager.address, controller.address)
        self._grant(controller, "REBALANCER_ROLE", manager.address)  # raises cash at settlement
        for contract in (vault, manager, controller):
            self._grant(contract, "ADMIN_ROLE", *signers, ADMIN_2.address)
        approvers = [actor.address for actor in (ADMIN, APPROVER_1, APPROVER_2, APPROVER_3)]
        approver = "KEEPER_ROLE" if self._generation == "v2" else "VIP_APPROVER_ROLE"
        self._grant(manager, approver, *signers, *approvers)
        self._grant(controller, "REBALANCER_ROLE", *signers, ADMIN.address, OPERATOR.address)

    def _list_assets(
        self, controller: _Contract, oracle: _Contract, desks: Sequence[_Contract]
    ) -> None:
        tokens = []
        for terms in ASSETS:
            token = self._create(
                "MockRWAToken", terms.name, terms.symbol, terms.decimals, ADMIN.address
            )
            tokens.append(token)
            self._grant(token, "ISSUER_ROLE", *(desk.address for desk in desks))
        self._open_market(oracle, [token.address for token in tokens])
        for terms, token in zip(ASSETS, tokens, strict=True):
            self._call(controller, "addAsset", token.address, terms.tier, terms.allocation_bps)
            self._call(
                controller,
                "setPurchaseTerms",
                *(token.address, terms.method, terms.max_slippage_bps, terms.min_purchase, 0, 0),
            )
            if terms.method == AUTO:
                self._call(controller, "setAssetAdapter", token.address, desks[2].address)

    def _open_market(self, oracle: _Contract, tokens: Sequence[str]) -> None:
        """First prices, for the contracts to trade at and for the feeds to tell."""
        hub = self._create("FeedHub", ADMIN.address)
        prices = [terms.price for terms in ASSETS]
        self._call(oracle, "setPrices", tokens, prices)
        self._call(hub, "post", tokens, [feed_answer(price) for price in prices])
        for terms, token in zip(ASSETS, tokens, strict=True):
            feed = self._create("PriceFeed", hub.address, token, f"{terms.symbol} / USDT")
            self.tokens[terms.symbol], self.feeds[terms.symbol] = token, feed.address

    def _install_multicall(self) -> None:
        """Puts multicall where readers look for it on every chain."""
        built = self._create("Multicall3")
        code = self._chain.rpc.call("eth_getCode", built.address, "latest")
        self._chain.rpc.call("anvil_setCode", MULTICALL3, code)

    def _create(self, name: str, *args: Any) -> _Contract:
        receipt = self._chain.create(ADMIN.address, artifact(name), *args)
        if receipt.contract_address is None:
            raise AssertionError(f"{name} was deployed without an address")
        return _Contract(name, receipt.contract_address, receipt.block_number)

    def _call(self, contract: _Contract, function: str, *args: Any) -> Receipt:
        data = artifact(contract.name).encode_call(function, *args)
        return self._chain.send(ADMIN.address, contract.address, data)

    def _entry(self, kind: str, contract: _Contract) -> ContractEntry:
        address, start = contract.address, contract.block_number
        return ContractEntry(kind, address, start, self._generation, ERRORS_FILE)

    def _grant(self, contract: _Contract, name: str, *accounts: str) -> None:
        for account in accounts:
            self._call(contract, "grantRole", role(name), account)
