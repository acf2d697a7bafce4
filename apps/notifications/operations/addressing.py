"""Whom a message goes to: persons by what they chose, shared places by what is configured."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from django.contrib.auth import get_user_model

from apps.accounts.queries import users_with_role
from apps.notifications import rules
from apps.notifications.models import Preference
from apps.notifications.queries.destinations import is_configured
from apps.notifications.rules import Channel, EmailChoice, HeldFor, Severity, Shared


@dataclass(frozen=True, slots=True)
class Copy:
    """One message to one address; ``why_not`` says that it cannot be sent."""

    channel: Channel
    address: str
    user_id: int | None = None
    held_for: HeldFor | None = None
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class _Person:
    user_id: int
    name: str
    email: str


def copies(
    *,
    kind: str,
    severity: Severity,
    roles: Iterable[str],
    user_ids: Iterable[int],
    addresses: Iterable[str],
    except_user_ids: Iterable[int],
    shared: Collection[Shared],
) -> list[Copy]:
    """One for each address and channel, without doubles.

    Nobody to tell is a copy that cannot be sent; a shared place that nobody configured is none.
    """
    roles = tuple(roles)
    people = _people(roles, user_ids, set(except_user_ids))
    mail: dict[str, Copy] = {}
    in_app: list[Copy] = []
    wishes = _wishes(kind, severity, people)
    for person in people:
        wish = wishes.get(person.user_id)
        if wish is None or wish.in_app:
            in_app.append(Copy(Channel.IN_APP, f"user:{person.user_id}", user_id=person.user_id))
        if wish is None or wish.email != EmailChoice.OFF:
            mail.setdefault(person.email.lower(), _by_mail(person, wish))
    for address in addresses:
        mail.setdefault(address.lower(), Copy(Channel.EMAIL, address))
    if not people and not mail and (roles or not shared):
        whom = f"Nobody active holds {' or '.join(roles)}." if roles else "Nobody is named."
        mail[""] = Copy(Channel.EMAIL, "", why_not=whom)
    return [*mail.values(), *in_app, *_shared(shared)]


def _people(roles: tuple[str, ...], user_ids: Iterable[int], excluded: set[int]) -> list[_Person]:
    users = {user.pk: user for user in users_with_role(*roles)} if roles else {}
    named = get_user_model().objects.filter(pk__in=list(user_ids), is_active=True).order_by("pk")
    users |= {user.pk: user for user in named}
    return [
        _Person(user.pk, user.get_username(), user.email)
        for user in users.values()
        if user.pk not in excluded
    ]


def _wishes(kind: str, severity: Severity, people: list[_Person]) -> dict[int, Preference]:
    """What people chose for this kind of message; of critical ones everybody hears."""
    if severity is Severity.CRITICAL or not people:
        return {}
    chosen = Preference.objects.filter(
        user_id__in=[person.user_id for person in people], topic_group=rules.group_of(kind).value
    )
    return {preference.user_id: preference for preference in chosen}


def _by_mail(person: _Person, wish: Preference | None) -> Copy:
    in_digest = wish is not None and wish.email == EmailChoice.DIGEST
    return Copy(
        Channel.EMAIL,
        person.email,
        user_id=person.user_id,
        held_for=HeldFor.DIGEST if in_digest else None,
        why_not="" if person.email else f"{person.name} has no email address.",
    )


def _shared(shared: Collection[Shared]) -> Iterator[Copy]:
    for place in Shared:
        if place in shared and is_configured(place):
            yield Copy(rules.CHANNEL_OF[place], rules.ADDRESS_OF[place])
