"""What upper apps tell about their subjects on a ticket's page; filled by the composition root."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from apps.approvals.models import Ticket

Provider = Callable[[Ticket], Mapping[str, Any]]
FactsNow = Callable[[Ticket], Mapping[str, Any] | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """How a kind of ticket is shown and checked.

    ``describe`` gives the page's "what will happen" and may ask the chain, so it is called outside
    transactions. ``facts_now`` reads the subject's figures as they are now, from the database only;
    None means the subject is gone.
    """

    describe: Provider
    facts_now: FactsNow


_panels: dict[tuple[str, str], Panel] = {}


def register_panel(kind: str, panel: Panel, *, subject_prefix: str = "") -> None:
    """Say who describes a kind of ticket; where several apps ask by one kind, whose subjects begin
    with the prefix."""
    _panels[kind, subject_prefix] = panel


def panel_for(ticket: Ticket) -> Panel | None:
    """Who describes a ticket, if anybody does: the longest prefix of its subject decides."""
    found = [
        (prefix, panel)
        for (kind, prefix), panel in _panels.items()
        if kind == ticket.kind and ticket.subject_id.startswith(prefix)
    ]
    return max(found, key=lambda one: len(one[0]))[1] if found else None


def current_facts(ticket: Ticket) -> Mapping[str, Any] | None:
    """The subject's figures now; the frozen ones where nobody can say."""
    panel = panel_for(ticket)
    return panel.facts_now(ticket) if panel else ticket.facts
