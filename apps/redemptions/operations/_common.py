"""Locks and idempotency keys of what is sent to the chain."""

from collections.abc import Collection

from apps.chain import queries as chain
from apps.core.errors import Refused
from apps.redemptions.models import Redemption
from apps.redemptions.queries import RedemptionNotFound


class AlreadySent(Refused):
    """A transaction about this is on its way, or was final; another would do it twice."""


def locked(key: str) -> Redemption:
    """The request with its row lock.

    Raises:
        RedemptionNotFound: there is none.
    """
    row = Redemption.objects.select_for_update().filter(key=key).first()
    if row is None:
        raise RedemptionNotFound(f"There is no redemption {key.partition('-')[2] or key}.")
    return row


def next_key(row: Redemption, action: str, kinds: Collection[str]) -> str:
    """The idempotency key of the next attempt at ``action``; hold the row's lock.

    The first is ``redemption:56:123:approve``, the one after a failed attempt ends in ``:2``.

    Raises:
        AlreadySent: an attempt is on its way, or one reached its goal.
    """
    attempts = chain.transactions(row.chain_id, kinds, row.subject_id)
    in_flight = chain.open_transaction(row.chain_id, kinds, row.subject_id)
    if in_flight is not None:
        raise AlreadySent(
            f"“{in_flight.sentence}” is on its way ({in_flight.status.lower()}).",
            transaction_id=in_flight.id,
        )
    done = next((attempt for attempt in attempts if attempt.status == "FINAL"), None)
    if done is not None:
        raise AlreadySent(
            f"“{done.sentence}” is final; the state follows when its event is applied.",
            transaction_id=done.id,
        )
    base = f"redemption:{row.chain_id}:{row.request_id}:{action}"
    return f"{base}:{len(attempts) + 1}" if attempts else base
