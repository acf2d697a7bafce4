"""Which panel a ticket's page shows for which kind: upper apps' views for a lower app's page."""


def register() -> None:
    """Tell approvals who can describe which kind of ticket."""
