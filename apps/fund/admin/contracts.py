"""What the contracts are set to and point at, who holds their roles, what they warned of."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.accounts.queries import labels_of
from apps.core import display
from apps.fund.models import (
    AlertLevel,
    ChainRole,
    ContractParameter,
    ContractReference,
    ContractSwitch,
    LiquidityAlert,
    TierConfig,
)
from apps.fund.rules.parameters import parameter_text
from apps.fund.rules.roles import role_name

from .base import FundAdmin, LogRowAdmin

_FIGURE_MAX = 40  # a contract may be set to any uint256; the title has it whole


@admin.register(ChainRole)
class ChainRoleAdmin(FundAdmin):
    """Who may do what on chain, as the contracts' own events say."""

    list_display = ("contract_", "role_", "account_", "state", "since", "by")
    list_filter = ("contract_kind", "held")
    search_fields = ("account", "role", "contract")
    search_help_text = "Account, contract or role hash"
    fields = (
        *("contract_", "address", "role_", "role", "account_", "state"),
        *("granted", "granter", "revoked", "revoker", "transaction"),
    )
    readonly_fields = fields

    def enrich(self, rows: Sequence[Any]) -> None:
        labels = labels_of(row.account for row in rows)
        for row in rows:
            row.seen = labels[row.account]

    @admin.display(description="Contract", ordering="contract_kind")
    def contract_(self, row: ChainRole) -> str:
        return words(row.contract_kind)

    @admin.display(description="Contract address")
    def address(self, row: ChainRole) -> SafeString:
        return display.address(row.contract, chain_id=row.chain_id)

    @admin.display(description="Role", ordering="role")
    def role_(self, row: ChainRole) -> SafeString:
        name = role_name(row.role)
        if name is None:
            return format_html(
                '<code title="{}">{}…</code> {}',
                row.role,
                row.role[:10],
                display.status_pill("Unknown role", "warn"),
            )
        return format_html('<span title="{}">{}</span>', row.role, name)

    @admin.display(description="Account", ordering="account")
    def account_(self, row: Any) -> SafeString:
        return display.address(row.account, row.seen, chain_id=row.chain_id)

    @admin.display(description="State", ordering="held")
    def state(self, row: ChainRole) -> SafeString:
        if row.held:
            return display.status_pill("Holds it", "good")
        return display.status_pill("Revoked", "neutral")

    @admin.display(description="Since")
    def since(self, row: ChainRole) -> SafeString:
        return display.when(row.granted_at if row.held else row.revoked_at)

    @admin.display(description="By")
    def by(self, row: ChainRole) -> SafeString:
        by = row.granted_by if row.held else row.revoked_by
        return display.address(by, chain_id=row.chain_id)

    @admin.display(description="Granted")
    def granted(self, row: ChainRole) -> SafeString:
        return display.when(row.granted_at, reason="Before the first block we read")

    @admin.display(description="Granted by")
    def granter(self, row: ChainRole) -> SafeString:
        return display.address(row.granted_by, chain_id=row.chain_id)

    @admin.display(description="Revoked")
    def revoked(self, row: ChainRole) -> SafeString:
        return display.when(row.revoked_at, reason="Never revoked")

    @admin.display(description="Revoked by")
    def revoker(self, row: ChainRole) -> SafeString:
        return display.address(row.revoked_by, chain_id=row.chain_id)

    @admin.display(description="Last transaction")
    def transaction(self, row: ChainRole) -> SafeString:
        return display.tx_link(row.chain_id, row.tx_hash)


@admin.register(TierConfig)
class TierConfigAdmin(LogRowAdmin):
    """Targets and bands of the tiers, as they were set."""

    list_display = ("when", "tier", "target", "lowest", "highest", "transaction")
    list_filter = ("tier",)
    fields = ("when", "tier", "target", "lowest", "highest", "block", "transaction")
    readonly_fields = fields

    @admin.display(description="Target")
    def target(self, row: TierConfig) -> SafeString:
        return display.bps(row.target_bps)

    @admin.display(description="Minimum")
    def lowest(self, row: TierConfig) -> SafeString:
        return display.bps(row.min_bps)

    @admin.display(description="Maximum")
    def highest(self, row: TierConfig) -> SafeString:
        return display.bps(row.max_bps)


@admin.register(ContractSwitch)
class ContractSwitchAdmin(LogRowAdmin):
    """Emergency mode and pauses, as they were switched."""

    list_display = ("when", "contract_", "name", "state", "transaction")
    list_filter = ("contract_kind", "name", "is_on")
    fields = ("when", "contract_", "name", "state", "account_", "block", "transaction")
    readonly_fields = fields

    @admin.display(description="Contract", ordering="contract_kind")
    def contract_(self, row: ContractSwitch) -> str:
        return words(row.contract_kind)

    @admin.display(description="Position", ordering="is_on")
    def state(self, row: ContractSwitch) -> SafeString:
        return display.status_pill("On", "bad") if row.is_on else display.status_pill("Off", "good")

    @admin.display(description="By")
    def account_(self, row: ContractSwitch) -> SafeString:
        return display.address(row.account, chain_id=row.chain_id)


@admin.register(ContractReference)
class ContractReferenceAdmin(LogRowAdmin):
    """What the contracts were pointed at: a change nobody planned is an alarm."""

    list_display = ("when", "contract_", "name", "before", "after", "transaction")
    list_filter = ("contract_kind", "name")
    search_fields = ("old_address", "new_address", "tx_hash")
    search_help_text = "Address or transaction hash"
    fields = ("when", "contract_", "name", "about", "before", "after", "block", "transaction")
    readonly_fields = fields

    @admin.display(description="Contract", ordering="contract_kind")
    def contract_(self, row: ContractReference) -> str:
        return words(row.contract_kind)

    @admin.display(description="Token")
    def about(self, row: ContractReference) -> SafeString:
        return display.address(row.subject, chain_id=row.chain_id)

    @admin.display(description="Before")
    def before(self, row: ContractReference) -> SafeString:
        return display.address(row.old_address, chain_id=row.chain_id)

    @admin.display(description="After")
    def after(self, row: ContractReference) -> SafeString:
        return display.address(row.new_address, chain_id=row.chain_id)


@admin.register(ContractParameter)
class ContractParameterAdmin(LogRowAdmin):
    """Numbers that the contracts work by, as they were changed; each in a unit of its own."""

    list_display = ("when", "contract_", "name", "before", "after", "transaction")
    list_filter = ("contract_kind", "name")
    fields = ("when", "contract_", "name", "before", "after", "block", "transaction")
    readonly_fields = fields

    @admin.display(description="Contract", ordering="contract_kind")
    def contract_(self, row: ContractParameter) -> str:
        return words(row.contract_kind)

    @admin.display(description="Before", ordering="old_value")
    def before(self, row: ContractParameter) -> SafeString:
        return _figure(row.name, row.old_value)

    @admin.display(description="After", ordering="new_value")
    def after(self, row: ContractParameter) -> SafeString:
        return _figure(row.name, row.new_value)


@admin.register(LiquidityAlert)
class LiquidityAlertAdmin(LogRowAdmin):
    """Alarms that the redemption manager raised."""

    list_display = ("when", "severity", "share", "limit", "available", "of_total", "transaction")
    list_filter = ("level",)
    fields = ("when", "severity", "share", "limit", "available", "of_total", "block", "transaction")
    readonly_fields = fields

    @admin.display(description="Level", ordering="level")
    def severity(self, row: LiquidityAlert) -> SafeString:
        tone = "bad" if row.level == AlertLevel.CRITICAL else "warn"
        return display.status_pill(row.get_level_display(), tone)

    @admin.display(description="Liquidity", ordering="ratio_bps")
    def share(self, row: LiquidityAlert) -> SafeString:
        return display.bps(row.ratio_bps)

    @admin.display(description="Threshold")
    def limit(self, row: LiquidityAlert) -> SafeString:
        return display.bps(row.threshold_bps)

    @admin.display(description="Available, liabilities not deducted")
    def available(self, row: LiquidityAlert) -> SafeString:
        return display.money(row.available_assets)

    @admin.display(description="Of total")
    def of_total(self, row: LiquidityAlert) -> SafeString:
        return display.money(row.total_assets, reason="A critical alert does not say")


def _figure(name: str, value: int) -> SafeString:
    text = parameter_text(name, value)
    return format_html('<span class="num" title="{}">{}</span>', value, text[:_FIGURE_MAX])


def words(kind: str) -> str:
    """``asset_controller`` as people say it."""
    return kind.replace("_", " ").capitalize()
