"""What the contracts are set to, who holds their roles, and what alarms they raised."""

from dataclasses import dataclass
from datetime import datetime

from apps.fund.models import (
    ChainRole,
    ContractReference,
    ContractSwitch,
    LiquidityAlert,
    TierConfig,
)
from apps.fund.rules.roles import role_name

from .overview import TIER_NAMES
from .periods import in_order, within


@dataclass(frozen=True, slots=True, kw_only=True)
class BandView:
    """A tier's target and band (bps of assets) since an instant."""

    tier: str
    target_bps: int
    min_bps: int
    max_bps: int
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchView:
    """A switch of a contract (EMERGENCY_MODE, PAUSED) as it was thrown."""

    contract_kind: str
    contract: str
    name: str
    is_on: bool
    at: datetime
    block_number: int
    chain_id: int
    tx_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceView:
    """A contract was pointed elsewhere."""

    contract_kind: str
    contract: str
    name: str
    subject: str
    old_address: str
    new_address: str
    at: datetime
    chain_id: int
    tx_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainRoleView:
    """An account holds a role of a contract; ``role`` is its name, or its hash if we know none."""

    contract_kind: str
    contract: str
    role: str
    role_hash: str
    account: str
    granted_at: datetime | None
    granted_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertView:
    """A liquidity alarm of the contract; ratios in bps, amounts in base units of assets."""

    level: str
    ratio_bps: int
    threshold_bps: int
    available_assets: int
    total_assets: int | None
    at: datetime
    chain_id: int
    tx_hash: str


def tier_bands(*, at: datetime | None = None) -> dict[str, BandView]:
    """Each tier's band in force now, or at an instant; a tier never configured is absent."""
    rows = TierConfig.objects.order_by("tier", "-block_number", "-log_index").distinct("tier")
    if at is not None:
        rows = rows.filter(at__lte=at)
    return {
        TIER_NAMES[row.tier]: BandView(
            tier=TIER_NAMES[row.tier],
            target_bps=row.target_bps,
            min_bps=row.min_bps,
            max_bps=row.max_bps,
            since=row.at,
        )
        for row in rows
    }


def switches(*, start: datetime | None = None, end: datetime | None = None) -> list[SwitchView]:
    """Every switch thrown in [start, end), oldest first."""
    rows = in_order(within(ContractSwitch.objects.all(), start, end))
    return [_switch(row) for row in rows]


def switches_now() -> list[SwitchView]:
    """The latest position of every switch that was ever thrown."""
    rows = ContractSwitch.objects.order_by(
        "contract", "name", "-block_number", "-log_index"
    ).distinct("contract", "name")
    return [_switch(row) for row in rows]


def chain_roles(*, account: str | None = None) -> list[ChainRoleView]:
    """Who holds which role of our contracts now."""
    rows = ChainRole.objects.filter(held=True)
    if account is not None:
        rows = rows.filter(account=account.lower())
    return [
        ChainRoleView(
            contract_kind=row.contract_kind,
            contract=row.contract,
            role=role_name(row.role) or row.role,
            role_hash=row.role,
            account=row.account,
            granted_at=row.granted_at,
            granted_by=row.granted_by,
        )
        for row in rows
    ]


def references(
    *, start: datetime | None = None, end: datetime | None = None
) -> list[ReferenceView]:
    """Changes of what contracts point to in [start, end), oldest first."""
    rows = in_order(within(ContractReference.objects.all(), start, end))
    return [
        ReferenceView(
            contract_kind=row.contract_kind,
            contract=row.contract,
            name=row.name,
            subject=row.subject,
            old_address=row.old_address,
            new_address=row.new_address,
            at=row.at,
            chain_id=row.chain_id,
            tx_hash=row.tx_hash,
        )
        for row in rows
    ]


def alerts(*, start: datetime | None = None, end: datetime | None = None) -> list[AlertView]:
    """Liquidity alarms in [start, end), oldest first."""
    rows = in_order(within(LiquidityAlert.objects.all(), start, end))
    return [
        AlertView(
            level=row.level,
            ratio_bps=row.ratio_bps,
            threshold_bps=row.threshold_bps,
            available_assets=row.available_assets,
            total_assets=row.total_assets,
            at=row.at,
            chain_id=row.chain_id,
            tx_hash=row.tx_hash,
        )
        for row in rows
    ]


def _switch(row: ContractSwitch) -> SwitchView:
    return SwitchView(
        contract_kind=row.contract_kind,
        contract=row.contract,
        name=row.name,
        is_on=row.is_on,
        at=row.at,
        block_number=row.block_number,
        chain_id=row.chain_id,
        tx_hash=row.tx_hash,
    )
