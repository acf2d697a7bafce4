"""People with wallets, tickets, and votes signed as a browser's wallet would."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from eth_account import Account

from apps.accounts import operations as accounts
from apps.accounts.models import User
from apps.approvals import operations
from apps.approvals.models import Ticket
from apps.core.actor import Actor
from tests import installed
from tests.accounts.people import Person, sign_typed_data

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
CHAIN = 31337
SYSTEM = Actor.system("test")
CALLS = "0x" + "ab" * 32


def seed_rules() -> None:
    """The default rules; a transactional test before this one may have flushed them."""
    installed.rules()


def key_of(name: str) -> str:
    """A private key that belongs to nobody else."""
    return "0x" + hashlib.sha256(name.encode()).hexdigest()


def address_of(name: str) -> str:
    return str(Account.from_key(key_of(name)).address).lower()


def person(name: str, *roles: str, wallet: bool = True) -> User:
    """An active member of staff with a wallet of their own."""
    return accounts.create_user(
        username=name,
        email=f"{name}@example.test",
        password="a long enough password",
        roles=roles,
        wallet=address_of(name) if wallet else None,
        actor=SYSTEM,
        at=NOON,
    )


def actor_of(user: User) -> Actor:
    return Actor(kind="user", name=user.username, user_id=user.pk, ip="192.0.2.7")


def open_ticket(**changes: Any) -> Ticket:
    """A ticket of one approver's kind, with any argument changed."""
    seed_rules()
    arguments: dict[str, Any] = {
        "kind": "POOL_ACTION",
        "subject_id": "7",
        "title": "Close pool 7",
        "requester_name": "Ana",
        "party_wallets": [address_of("investor")],
        "amount": 31_200 * 10**18,
        "currency": "USDT",
        "facts": {"pool": 7, "amount": 31_200 * 10**18},
        "conditions": [],
        "assessment": {},
        "calls_hash": CALLS,
        "chain_id": CHAIN,
        "actor": SYSTEM,
        "at": NOON,
    }
    arguments |= changes
    arguments.setdefault("idempotency_key", f"{arguments['kind']}:{arguments['subject_id']}")
    return operations.open_ticket(**arguments)


def signed(
    user: User,
    ticket: Ticket,
    decision: str = "APPROVE",
    reason: str = "",
    *,
    at: datetime = NOON,
    key: str | None = None,
    edit: Callable[[dict[str, Any]], None] | None = None,
) -> dict[str, Any]:
    """The arguments of a vote as the page would send it; ``edit`` tampers before signing."""
    wanted = operations.prepare_vote(
        ticket_id=ticket.pk, user_id=user.pk, decision=decision, reason=reason, at=at
    )
    return sign(user, ticket, wanted, decision, reason, at=at, key=key, edit=edit)


def sign(
    user: User,
    ticket: Ticket,
    wanted: operations.VoteToSign,
    decision: str = "APPROVE",
    reason: str = "",
    *,
    at: datetime = NOON,
    key: str | None = None,
    edit: Callable[[dict[str, Any]], None] | None = None,
) -> dict[str, Any]:
    typed_data = wanted.typed_data
    if edit:
        edit(typed_data["message"])
    signature = Account.sign_typed_data(key or key_of(user.username), full_message=typed_data)
    return {
        "ticket_id": ticket.pk,
        "user_id": user.pk,
        "decision": decision,
        "reason": reason,
        "facts_hash_shown": ticket.facts_hash,
        "signature": "0x" + signature.signature.hex().removeprefix("0x"),
        "nonce": wanted.nonce,
        "expires_at": wanted.expires_at,
        "actor": actor_of(user),
        "at": at,
    }


def cast(
    user: User, ticket: Ticket, decision: str = "APPROVE", reason: str = "", **kw: Any
) -> Ticket:
    """Sign and vote."""
    return operations.vote(**signed(user, ticket, decision, reason, **kw))


def decide(
    who: Person, ticket: Ticket, decision: str = "APPROVE", reason: str = "", *, at: datetime
) -> Ticket:
    """Sign and vote as the ticket's page does."""
    wanted = operations.prepare_vote(
        ticket_id=ticket.pk, user_id=who.id, decision=decision, reason=reason, at=at
    )
    return operations.cast_vote(
        ticket_id=ticket.pk,
        user_id=who.id,
        decision=decision,
        reason=reason,
        facts_hash_shown=ticket.facts_hash,
        signature=sign_typed_data(who, wanted.typed_data),
        nonce=wanted.nonce,
        expires_at=wanted.expires_at,
        actor=who.actor,
        at=at,
    )
