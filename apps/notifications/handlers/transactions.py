"""Messages about transactions of ours that came to a bad end."""

from apps.chain.events import TransactionFinished
from apps.notifications.operations import notify
from apps.notifications.rules import Severity

from .links import admin_link

_SEVERITY = {
    "FAILED": Severity.WARNING,
    "REVERTED": Severity.WARNING,
    "EXPIRED": Severity.WARNING,
    "MISMATCH": Severity.CRITICAL,
}
_WORDS = {
    "FAILED": "was not sent",
    "REVERTED": "was refused by the contract",
    "EXPIRED": "expired before it was sent",
    "MISMATCH": "succeeded without the expected effect",
}


def tell_failure(fact: TransactionFinished) -> None:
    """It failed: to those who can retry it. A success says itself by the contract's own event."""
    if fact.outcome not in _SEVERITY:
        return
    what = f"{fact.kind.replace('_', ' ').lower()} {fact.subject_id}"
    notify(
        kind="TRANSACTION_FAILED",
        dedupe_key=f"transaction:{fact.transaction_id}:{fact.outcome}",
        roles=["OPERATOR", "ADMIN"],
        subject=f"Transaction failed: {what}",
        body=f"The transaction {_WORDS[fact.outcome]}. A person can look and retry it.",
        details=[
            ("Transaction", f"#{fact.transaction_id}"),
            ("What", what),
            ("Outcome", fact.outcome.capitalize()),
            ("Error", fact.error or "not given"),
            *([("Hash", fact.tx_hash)] if fact.tx_hash else []),
            *([("Ticket", f"#{fact.ticket_id}")] if fact.ticket_id else []),
        ],
        link=admin_link("chain_transaction_change", fact.transaction_id),
        link_text="Look at the transaction",
        severity=_SEVERITY[fact.outcome],
        at=fact.at,
    )
