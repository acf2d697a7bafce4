"""What a chain file says, as values."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured

CONTRACT_KINDS = (
    "vault",
    "redemption_manager",
    "asset_controller",
    "voucher",
    "oracle",
    "stablecoin",
)
GENERATIONS = ("v1", "v2")
WATCHED_KINDS = frozenset({"vault", "redemption_manager", "asset_controller", "voucher"})
"""Kinds whose every log is stored. The stablecoin and the oracle are only read: the one has the
whole chain's payments in its logs, the other is not the fund's."""
HOT_LIMITS = (100_000, 500_000)
WARM_LIMITS = (500_000, 2_000_000)
"""Whole units of the fund's currency that a signer may move: by one transaction, in 24 hours."""
CALLS_PER_DAY = 500
"""Transactions of a signer in 24 hours, whatever they move."""


class BadChainFile(ImproperlyConfigured):
    """The chain file cannot be used; the message says which line of thought went wrong."""


class UnknownChain(ImproperlyConfigured):
    """No chain of that id is configured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractConfig:
    """One contract we watch or call."""

    kind: str
    address: str
    start_block: int
    generation: str
    extra_abi: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class KeystoreKey:
    """An encrypted keystore file and the variable with its password."""

    keystore: Path
    password_env: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KmsPlace:
    """One region's copy of a key of AWS KMS; ``endpoint_url`` only where AWS's own is not meant."""

    region: str
    key_id: str
    endpoint_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class KmsKey:
    """A secp256k1 key of AWS KMS: the primary region first, then its replicas."""

    places: tuple[KmsPlace, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pkcs11Key:
    """A secp256k1 key inside an HSM, reached through the vendor's PKCS#11 library."""

    module: Path
    token: str
    key: str
    pin_env: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SafeWallet:
    """A Safe multi-signature wallet; ``executor`` names the signer that pays for execution."""

    executor: str


class SignerTier(StrEnum):
    """How much a signer may move: HOT signs by itself, WARM needs its owners."""

    HOT = "HOT"
    WARM = "WARM"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignerConfig:
    """One account that acts for us.

    ``allowed`` are kinds of calls, empty = every kind we know. Limits are whole units of the fund's
    currency; they seed the signer's row, which is what counts afterwards.
    """

    name: str
    address: str
    key: KeystoreKey | KmsKey | Pkcs11Key | SafeWallet
    allowed: frozenset[str] = frozenset()
    per_transaction_units: int = HOT_LIMITS[0]
    per_day_units: int = HOT_LIMITS[1]
    calls_per_day: int = CALLS_PER_DAY

    @property
    def tier(self) -> SignerTier:
        """A Safe is the warm wallet, every single key a hot one."""
        return SignerTier.WARM if isinstance(self.key, SafeWallet) else SignerTier.HOT

    def may_send(self, kind: str) -> bool:
        """Whether calls of this kind are among what it is for."""
        return not self.allowed or kind in self.allowed


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainConfig:
    """One chain. ``confirmations`` is None where the node's finalized tag decides;
    ``stalled_confirmations`` is the depth used while that tag stands still.

    ``ws_urls`` only wake the listener. ``private_relays`` take what must not be seen before it is
    mined; ``public_fallback`` lets the public pool have it when no relay answers.
    """

    name: str
    chain_id: int
    rpc_urls: tuple[str, ...]
    confirmations: int | None
    block_time_seconds: float
    explorer_url: str
    contracts: tuple[ContractConfig, ...]
    signers: tuple[SignerConfig, ...]
    ws_urls: tuple[str, ...] = ()
    stalled_confirmations: int = 250
    private_relays: tuple[str, ...] = ()
    private_above_units: int | None = None
    public_fallback: bool = False
    fee_cap_gwei: int = 100

    @property
    def watched(self) -> tuple[ContractConfig, ...]:
        """The contracts whose logs are stored."""
        return tuple(c for c in self.contracts if c.kind in WATCHED_KINDS)

    @property
    def start_block(self) -> int:
        """The first block that can hold a log of ours."""
        return min((contract.start_block for contract in self.watched), default=0)

    def contract(self, kind: str) -> ContractConfig:
        """The contract of a kind.

        Raises:
            BadChainFile: there is none.
        """
        for contract in self.contracts:
            if contract.kind == kind:
                return contract
        raise BadChainFile(f"Chain {self.name} ({self.chain_id}) has no {kind} contract.")

    def contract_at(self, address: str) -> ContractConfig | None:
        """The contract at a lower-case address, None when it is not ours."""
        return next((c for c in self.contracts if c.address == address), None)

    def signer(self, tier: SignerTier) -> SignerConfig | None:
        """The first signer of a tier, None when there is none."""
        return next((s for s in self.signers if s.tier is tier), None)
