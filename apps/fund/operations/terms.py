"""Issuer, contact and terms of an asset: asked for by one person, approved by another."""

from dataclasses import asdict
from datetime import datetime

from django.db import transaction

from apps.approvals import operations as approvals
from apps.approvals import queries as tickets
from apps.audit import operations as audit
from apps.core.actor import Actor
from apps.core.errors import Refused
from apps.fund.models import Asset, AssetProfile
from apps.fund.queries.terms import terms_of
from apps.fund.rules.terms import Terms
from apps.fund.rules.tickets import TERMS, token_of

from .registering import NotListed, called, clean_token


class AlreadyLoaded(Refused):
    """There are terms already; from now on people change them by ticket."""


@transaction.atomic
def propose_terms(
    *, token: str, new: Terms, reason: str, chain_id: int, actor: Actor, at: datetime
) -> int:
    """Ask another person for other terms of an asset; return the ticket.

    Doors ask for the right ``fund.propose_assets``.

    Raises:
        BadToken, BadTerms, NotListed.
        approvals.NoReason, NothingChanges, AlreadyProposed, TooFewEligible.
    """
    token, reason = clean_token(token), approvals.clean_change_reason(reason)
    new = new.cleaned()
    row = Asset.objects.filter(chain_id=chain_id, token=token, listed=True).first()
    if row is None:
        raise NotListed(f"{token} is not on the register.")
    old = terms_of(chain_id=chain_id, token=token)
    if new == old:
        raise approvals.NothingChanges(f"These are the terms of {row} already.")
    return approvals.propose_change(
        kind=approvals.CONFIG_CHANGE,
        subject_id=f"{TERMS}{token}",
        title=f"Issuer and terms of {called(row)}",
        facts={
            "token": token,
            "symbol": row.symbol,
            "old": old.as_facts() if old else None,
            "new": new.as_facts(),
            "reason": reason,
        },
        chain_id=chain_id,
        actor=actor,
        at=at,
    )


def keep_terms(ticket: tickets.Ticket, *, at: datetime) -> None:
    """Write down the terms that an approved ticket names; the database compares them with it.

    Call it in a transaction.
    """
    token, new = token_of(ticket.subject_id), Terms.from_facts(ticket.facts["new"])
    old = terms_of(chain_id=ticket.chain_id, token=token)
    AssetProfile.objects.update_or_create(
        chain_id=ticket.chain_id,
        token=token,
        defaults={**asdict(new), "ticket_id": ticket.pk, "changed_at": at},
    )
    audit.record(
        actor=Actor.system(f"ticket {ticket.pk}"),
        action="CHANGE_TERMS",
        object_type="asset",
        object_id=f"{ticket.chain_id}:{token}",
        before=old.as_facts() if old else None,
        after={**new.as_facts(), "ticket": ticket.pk},
        level="HIGH",
        at=at,
    )


@transaction.atomic
def load_terms(*, terms: dict[str, Terms], chain_id: int, actor: Actor, at: datetime) -> int:
    """Write down the terms by token that a new installation starts with; return how many.

    Raises:
        AlreadyLoaded: there are any.
        BadToken, BadTerms.
    """
    if AssetProfile.objects.exists():
        raise AlreadyLoaded("There are terms already; people change them by ticket.")
    for token, said in terms.items():
        address, clean = clean_token(token), said.cleaned()
        AssetProfile.objects.create(
            chain_id=chain_id, token=address, **asdict(clean), ticket_id=None, changed_at=at
        )
        audit.record(
            actor=actor,
            action="LOAD_TERMS",
            object_type="asset",
            object_id=f"{chain_id}:{address}",
            after=clean.as_facts(),
            level="HIGH",
            at=at,
        )
    return len(terms)
