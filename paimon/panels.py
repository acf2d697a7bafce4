"""Which panel a ticket's page shows for which kind: upper apps' views for a lower app's page."""

from apps.approvals.queries import Panel, register_panel
from apps.redemptions import queries as redemptions
from apps.redemptions.rules import TICKET_KINDS


def register() -> None:
    """Tell approvals who can describe which kind of ticket."""
    for kind in TICKET_KINDS:
        register_panel(
            kind,
            Panel(describe=redemptions.describe_ticket, facts_now=redemptions.facts_now),
        )
