"""Messages about our transactions: a bad end, a stop, and that they go out again.

What pages: a transaction that succeeded without its effect, and a stop, for then money stands still
or went elsewhere. What merely failed can wait until somebody looks.
"""

from apps.chain.events import SendingResumed, SendingStopped, TransactionFinished
from apps.chain.queries import scope_in_words
from apps.notifications.operations import notify
from apps.notifications.rules import Severity, Shared, shared_for

from .links import admin_link

_SEVERITY = {
    "FAILED": Severity.WARNING,
    "REVERTED": Severity.WARNING,
    "EXPIRED": Severity.WARNING,
    "CANCELLED": Severity.WARNING,
    "MISMATCH": Severity.CRITICAL,
}
_WORDS = {
    "FAILED": "was not sent",
    "REVERTED": "was refused by the contract",
    "EXPIRED": "expired before it was sent",
    "CANCELLED": "was taken back, and its nonce spent on nothing",
    "MISMATCH": "succeeded without the expected effect",
}
_ON_CALL = ("OPERATOR", "RISK_OFFICER", "ADMIN", "SUPER_ADMIN")


def tell_failure(fact: TransactionFinished) -> None:
    """It failed: to those who can retry it. A success says itself by the contract's own event, and
    who takes one back before it left knows it."""
    if fact.outcome not in _SEVERITY or (fact.outcome == "CANCELLED" and not fact.tx_hash):
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
        shared=shared_for(_SEVERITY[fact.outcome]),
        topic=f"transaction:{fact.transaction_id}",
        at=fact.at,
    )


def tell_stop(fact: SendingStopped) -> None:
    """Nothing leaves within the scope: everybody who could have to act is woken."""
    what = scope_in_words(fact.scope)
    notify(
        kind="SENDING_STOPPED",
        dedupe_key=f"stop:{fact.stop_id}",
        roles=_ON_CALL,
        subject=f"Sending is stopped: {what}",
        body=f"{fact.reason}\n\nNothing of it leaves until two people lift the stop by a ticket.",
        details=[("Stopped", what), ("By", fact.set_by), ("Stop", f"#{fact.stop_id}")],
        link=admin_link("index"),
        severity=Severity.CRITICAL,
        shared=shared_for(Severity.CRITICAL),
        topic=f"stop:{fact.stop_id}",
        at=fact.at,
    )


def tell_lift(fact: SendingResumed) -> None:
    """What was stopped goes on."""
    what = scope_in_words(fact.scope)
    notify(
        kind="SENDING_RESUMED",
        dedupe_key=f"lift:{fact.stop_id}",
        roles=_ON_CALL,
        subject=f"Sending goes on: {what}",
        body="The stop was lifted by a ticket; what waited is checked again and then sent.",
        details=[
            ("Was stopped", what),
            ("Lifted by", fact.lifted_by),
            ("Ticket", f"#{fact.ticket_id}"),
        ],
        link=admin_link("approvals_ticket_change", fact.ticket_id),
        link_text="Look at the ticket",
        severity=Severity.WARNING,
        shared=(Shared.SLACK_CRITICAL, Shared.TELEGRAM, Shared.PAGERDUTY),
        topic=f"stop:{fact.stop_id}",
        resolves=True,
        at=fact.at,
    )
