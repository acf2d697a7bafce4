"""Which panel a ticket's page shows for which kind: upper apps' views for a lower app's page."""

from typing import Any

from apps.approvals import queries as approvals
from apps.approvals.queries import Panel, Ticket, register_panel
from apps.chain import queries as chain
from apps.fund import queries as fund
from apps.oracle import queries as oracle
from apps.rebalance import queries as rebalance
from apps.redemptions import queries as redemptions
from apps.redemptions.rules import TICKET_KINDS
from apps.risk import queries as risk


def register() -> None:
    """Tell approvals who can describe which kind of ticket."""
    for kind in TICKET_KINDS:
        register_panel(
            kind,
            Panel(describe=redemptions.describe_ticket, facts_now=redemptions.facts_now),
        )
    register_panel(
        "CONFIG_CHANGE",
        Panel(describe=approvals.describe_rule_change, facts_now=_as_frozen),
        subject_prefix="rule:",
    )
    register_panel("LIFT_STOP", Panel(describe=chain.describe_lift, facts_now=_as_frozen))
    register_panel(
        "CONFIG_CHANGE",
        Panel(describe=chain.describe_limits, facts_now=_as_frozen),
        subject_prefix="limits:",
    )
    register_panel(
        "CONFIG_CHANGE",
        Panel(describe=oracle.describe_source_change, facts_now=_as_frozen),
        subject_prefix="oracle:source:",
    )
    of_fund = Panel(describe=fund.describe_ticket, facts_now=fund.facts_now)
    for kind in ("FEE_WITHDRAW", "ASSET_ADD", "ASSET_REMOVE"):
        register_panel(kind, of_fund)
    register_panel("CONFIG_CHANGE", of_fund, subject_prefix="fund:")
    for kind in ("REBALANCE_SMALL", "REBALANCE_LARGE"):
        register_panel(kind, Panel(describe=rebalance.describe_plan, facts_now=rebalance.facts_now))
    register_panel(
        "CONFIG_CHANGE",
        Panel(describe=rebalance.describe_policy_change, facts_now=rebalance.policy_facts_now),
        subject_prefix="rebalance:policy",
    )
    register_panel(
        "CONFIG_CHANGE",
        Panel(describe=risk.describe_policy_change, facts_now=risk.policy_facts_now),
        subject_prefix="risk:policy",
    )
    register_panel(
        "EMERGENCY_MODE",
        Panel(describe=risk.describe_ticket, facts_now=risk.facts_now),
        subject_prefix="emergency:",
    )


def _as_frozen(ticket: Ticket) -> dict[str, Any]:
    """What was asked is what is voted on; whether it still fits is decided when it is done."""
    return dict(ticket.facts)
