"""A price source is added, changed or switched off by two people: who proposes, who approves."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction

from apps.approvals import operations as approvals
from apps.approvals import queries as tickets
from apps.approvals.events import TicketDecided
from apps.chain import queries as chain
from apps.core.actor import Actor
from apps.core.errors import Invalid, NotFound, Refused
from apps.oracle.models import Source
from apps.oracle.queries.names import names_of, short
from apps.oracle.queries.sources import terms_of
from apps.oracle.rules.sources import (
    ADAPTER,
    SourceTerms,
    is_subject,
    mistakes,
    source_of,
    subject_of,
)


class OtherSourceNow(Refused):
    """The source is no longer as it was when it was asked about."""


class BadSource(Invalid):
    """What was proposed cannot be a price source."""


class SourceNotFound(NotFound):
    """There is no such source."""


@transaction.atomic
def propose_source(
    *,
    chain_id: int,
    token: str,
    name: str,
    terms: SourceTerms,
    reason: str,
    actor: Actor,
    at: datetime,
) -> int:
    """Ask people for a new source of an asset, or for other terms of the one of that name; return
    the ticket's number.

    Doors ask for the right ``oracle.propose_source``.

    Raises:
        BadSource.
        approvals.NoReason, NothingChanges, AlreadyProposed, TooFewEligible.
    """
    token, name = token.strip().lower(), name.strip()
    reason = approvals.clean_change_reason(reason)
    _refuse_mistakes(chain_id, token, name, terms)
    row = _locked(chain_id, token, name)
    _refuse_another_kind(row, terms)
    old = None if row is None else terms_of(row)
    if terms == old:
        raise approvals.NothingChanges(f"Source “{name}” is so already.")
    asset = names_of(chain_id).get(token) or short(token)
    return approvals.propose_change(
        kind=approvals.CONFIG_CHANGE,
        subject_id=subject_of(chain_id, token, name),
        title=f"Price source “{name}” of {asset}",
        facts={
            "chainId": chain_id,
            "token": token,
            "name": name,
            "old": None if old is None else _as_facts(old),
            "new": _as_facts(terms),
            "reason": reason,
        },
        chain_id=chain_id,
        actor=actor,
        at=at,
    )


def propose_switch(*, source_id: int, active: bool, reason: str, actor: Actor, at: datetime) -> int:
    """Ask people to switch a source off, or on again; return the ticket's number.

    Raises:
        SourceNotFound, and what :func:`propose_source` raises.
    """
    row = Source.objects.filter(pk=source_id).first()
    if row is None:
        raise SourceNotFound(f"There is no price source {source_id}.")
    return propose_source(
        chain_id=row.chain_id,
        token=row.token,
        name=row.name,
        terms=replace(terms_of(row), active=active),
        reason=reason,
        actor=actor,
        at=at,
    )


def apply_source(fact: TicketDecided) -> None:
    """Make the source as an approved ticket names it; tickets about anything else are not ours.

    Raises:
        approvals.NotAuthorised: the votes no longer carry it.
    """
    if fact.decision == "APPROVED" and is_subject(fact.subject_id):
        approvals.carry_out_change(fact, lambda ticket: _make(ticket, at=fact.at))


def _make(ticket: tickets.Ticket, *, at: datetime) -> approvals.Changed | None:
    chain_id, token, name = source_of(ticket.subject_id)
    row = _locked(chain_id, token, name)
    if row is not None and row.ticket_id == ticket.pk:
        return None
    old = None if row is None else _as_facts(terms_of(row))
    frozen = ticket.facts["old"]
    asked = None if frozen is None else _as_facts(_from_facts(frozen))
    if old != asked:
        raise OtherSourceNow(f"Source “{name}” is not as it was when it was asked about.")
    new = _from_facts(ticket.facts["new"])
    _set(row or Source(chain_id=chain_id, token=token, name=name, created_at=at), new, ticket)
    return approvals.Changed(
        action="CHANGE_PRICE_SOURCE",
        object_type="price source",
        object_id=f"{chain_id}:{token}:{name}",
        before=old or {},
        after={**_as_facts(new), "ticket": ticket.pk},
    )


def _set(row: Source, terms: SourceTerms, ticket: tickets.Ticket) -> None:
    row.kind = terms.kind
    row.address, row.url = terms.address, terms.url
    row.price_path, row.time_path = terms.price_path, terms.time_path
    row.stale_after_seconds, row.active = terms.stale_after_seconds, terms.active
    row.ticket_id = ticket.pk
    row.save()


def _locked(chain_id: int, token: str, name: str) -> Source | None:
    rows = Source.objects.select_for_update().filter(chain_id=chain_id, token=token, name=name)
    return rows.first()


def _refuse_mistakes(chain_id: int, token: str, name: str, terms: SourceTerms) -> None:
    found = mistakes(
        chain_id=chain_id,
        token=token,
        name=name,
        terms=terms,
        allow_http=settings.ORACLE_ALLOW_HTTP,
    )
    if chain_id != chain.fund_chain().chain_id:
        found.append("Prices are read on the fund's chain only.")
    if found:
        raise BadSource(" ".join(found))


def _refuse_another_kind(row: Source | None, terms: SourceTerms) -> None:
    if row is None and terms.kind == ADAPTER:
        raise BadSource("The fund's adapter is a source by itself, once the asset is listed.")
    if row is None and not terms.active:
        raise BadSource("A new source begins switched on.")
    if row is not None and row.kind != terms.kind:
        raise BadSource("A source keeps its kind; add another one instead.")


def _as_facts(terms: SourceTerms) -> dict[str, Any]:
    return {
        "kind": terms.kind,
        "address": terms.address,
        "url": terms.url,
        "pricePath": terms.price_path,
        "timePath": terms.time_path,
        "staleAfterSeconds": terms.stale_after_seconds,
        "active": terms.active,
    }


def _from_facts(facts: Mapping[str, Any]) -> SourceTerms:
    return SourceTerms(
        kind=facts["kind"],
        address=facts["address"],
        url=facts["url"],
        price_path=facts["pricePath"],
        time_path=facts["timePath"],
        stale_after_seconds=int(facts["staleAfterSeconds"]),
        active=bool(facts["active"]),
    )
