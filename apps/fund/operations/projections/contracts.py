"""Settings, switches, roles and alarms of the contracts."""

from typing import Any

from apps.chain.events import (
    ContractParameterUpdated,
    ContractPaused,
    ContractReferenceUpdated,
    ContractUnpaused,
    CriticalLiquidityAlert,
    EmergencyModeChanged,
    LayerConfigUpdated,
    LowLiquidityAlert,
    RoleGranted,
    RoleRevoked,
)
from apps.fund.models import (
    AlertLevel,
    ChainRole,
    ContractParameter,
    ContractReference,
    ContractSwitch,
    LiquidityAlert,
    SwitchName,
    TierConfig,
)

from .identity import clean, identity


def record_tier_config(fact: LayerConfigUpdated) -> None:
    """A tier's target and band."""
    TierConfig(
        **identity(fact.source),
        tier=fact.tier,
        target_bps=fact.target_bps,
        min_bps=fact.min_bps,
        max_bps=fact.max_bps,
    ).insert_once()


def record_emergency_mode(fact: EmergencyModeChanged) -> None:
    """Emergency mode on or off."""
    ContractSwitch(
        **identity(fact.source),
        contract_kind=fact.source.contract_kind,
        name=SwitchName.EMERGENCY_MODE,
        is_on=fact.enabled,
    ).insert_once()


def record_pause(fact: ContractPaused) -> None:
    """A contract was paused."""
    _record_paused(fact, is_on=True)


def record_unpause(fact: ContractUnpaused) -> None:
    """A contract was unpaused."""
    _record_paused(fact, is_on=False)


def record_reference(fact: ContractReferenceUpdated) -> None:
    """A contract points elsewhere now."""
    ContractReference(
        **identity(fact.source),
        contract_kind=fact.source.contract_kind,
        name=clean(fact.name, 64),
        subject=fact.subject,
        old_address=fact.old_address,
        new_address=fact.new_address,
    ).insert_once()


def record_parameter(fact: ContractParameterUpdated) -> None:
    """A contract works by another number now."""
    ContractParameter(
        **identity(fact.source),
        contract_kind=fact.source.contract_kind,
        name=clean(fact.name, 64),
        old_value=fact.old_value,
        new_value=fact.new_value,
    ).insert_once()


def record_low_alert(fact: LowLiquidityAlert) -> None:
    """Liquidity fell below the low threshold."""
    LiquidityAlert(
        **identity(fact.source),
        level=AlertLevel.LOW,
        ratio_bps=fact.ratio_bps,
        threshold_bps=fact.threshold_bps,
        available_assets=fact.available_assets,
        total_assets=fact.total_assets,
    ).insert_once()


def record_critical_alert(fact: CriticalLiquidityAlert) -> None:
    """Liquidity fell below the critical threshold."""
    LiquidityAlert(
        **identity(fact.source),
        level=AlertLevel.CRITICAL,
        ratio_bps=fact.ratio_bps,
        threshold_bps=fact.threshold_bps,
        available_assets=fact.available_assets,
    ).insert_once()


def record_role_granted(fact: RoleGranted) -> None:
    """An account holds a role from now on."""
    _record_role(
        fact,
        held=True,
        granted_at=fact.source.block_time,
        granted_by=fact.granted_by,
        revoked_at=None,
        revoked_by="",
    )


def record_role_revoked(fact: RoleRevoked) -> None:
    """An account no longer holds a role. Its grant may be older than the first block we read."""
    _record_role(fact, held=False, revoked_at=fact.source.block_time, revoked_by=fact.revoked_by)


def _record_paused(fact: ContractPaused | ContractUnpaused, *, is_on: bool) -> None:
    ContractSwitch(
        **identity(fact.source),
        contract_kind=fact.source.contract_kind,
        name=SwitchName.PAUSED,
        is_on=is_on,
        account=fact.account,
    ).insert_once()


def _record_role(fact: RoleGranted | RoleRevoked, **values: Any) -> None:
    source = fact.source
    row, is_new = ChainRole.objects.get_or_create(
        chain_id=source.chain_id,
        contract=source.address,
        role=fact.role,
        account=fact.account,
        defaults={
            **values,
            "contract_kind": source.contract_kind,
            "tx_hash": source.tx_hash,
            "as_of_block": source.block_number,
            "as_of_log_index": source.log_index,
        },
    )
    reflects_later = (row.as_of_block, row.as_of_log_index) >= (
        source.block_number,
        source.log_index,
    )
    if is_new or reflects_later:
        return
    for name, value in values.items():
        setattr(row, name, value)
    row.tx_hash = source.tx_hash
    row.as_of_block, row.as_of_log_index = source.block_number, source.log_index
    row.save()
