"""Messages about the chain itself: it halted, finality stands still, a log waits, rows differ.

A halt pages people, for nothing goes on until somebody has looked. What differs does not by itself:
where it endangers money it stops sending, and the stop pages.
"""

from apps.chain.events import ChainHalted, FinalityStalled, FindingOpened, LogParked
from apps.notifications.operations import notify, push
from apps.notifications.rules import Severity, Shared, shared_for

from .links import admin_link
from .places import instant

_ROLES = ("ADMIN", "SUPER_ADMIN")
_UNPAGED = (Shared.SLACK_CRITICAL, Shared.TELEGRAM)


def tell_halt(fact: ChainHalted) -> None:
    """The listener stopped: everything about the chain stands still until a person has looked."""
    key = f"halted:{fact.chain_id}:{fact.at.isoformat()}"
    notify(
        kind="CHAIN_HALTED",
        dedupe_key=key,
        roles=_ROLES,
        subject=f"Chain {fact.chain_id} is halted",
        body=f"{fact.reason}\n\nNothing of this chain is read or sent until a person has looked.",
        details=[("Chain", str(fact.chain_id)), ("At", instant(fact.at))],
        link=admin_link("index"),
        severity=Severity.CRITICAL,
        shared=shared_for(Severity.CRITICAL),
        topic=key,
        at=fact.at,
    )
    push(
        "risk:alert",
        {"kind": "CHAIN_HALTED", "chainId": fact.chain_id, "reason": fact.reason},
        fact.at,
    )


def tell_stalled(fact: FinalityStalled) -> None:
    """Blocks are made and none becomes final: what is applied rests on depth meanwhile."""
    final = "none" if fact.final_number is None else str(fact.final_number)
    key = f"stalled:{fact.chain_id}:{fact.since.isoformat()}"
    notify(
        kind="FINALITY_STALLED",
        dedupe_key=key,
        roles=_ROLES,
        subject=f"Chain {fact.chain_id} makes blocks, but none becomes final",
        body="Until that changes, blocks count as final by their depth. If it lasts, ask whether "
        "the chain is in trouble before anything large is approved.",
        details=[
            ("Newest final block", final),
            ("Newest block", str(fact.head_number)),
            ("Since", instant(fact.since)),
        ],
        link=admin_link("index"),
        severity=Severity.CRITICAL,
        shared=_UNPAGED,
        topic=key,
        at=fact.at,
    )


def tell_parked_log(fact: LogParked) -> None:
    """A log could not be applied; later ones of the same subject wait behind it."""
    key = f"parked:{fact.chain_id}:{fact.log_id}"
    notify(
        kind="LOG_PARKED",
        dedupe_key=key,
        roles=["ADMIN", "OPERATOR"],
        subject=f"An event could not be applied: {fact.event or 'unknown event'}",
        body="It waits for a person, and later events of the same subject wait behind it.",
        details=[("Event", fact.event), ("Log", str(fact.log_id)), ("Error", fact.error)],
        link=admin_link("chain_log_change", fact.log_id),
        link_text="Look at the event",
        severity=Severity.WARNING,
        shared=shared_for(Severity.WARNING),
        topic=key,
        at=fact.at,
    )


def tell_finding(fact: FindingOpened) -> None:
    """A check found that our rows and the chain, or our rows among themselves, differ."""
    healed = f"\n\nIt was put right at once: {fact.outcome}." if fact.outcome else ""
    key = f"finding:{fact.finding_id}"
    notify(
        kind="FINDING",
        dedupe_key=key,
        roles=_ROLES,
        subject=f"A check found a difference: {fact.subject}"[:200],
        body=f"{fact.detail}{healed}",
        details=[("Chain", str(fact.chain_id)), ("Check", fact.kind), ("What", fact.subject)],
        link=admin_link("system_health"),
        severity=Severity.WARNING if fact.outcome else Severity.CRITICAL,
        shared=(Shared.SLACK,) if fact.outcome else _UNPAGED,
        topic=key,
        at=fact.at,
    )
