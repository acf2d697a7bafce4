"""Handing stored bytes over. Whatever is answered, only a look-up of their hash is believed."""

import logging

from django.conf import settings

from apps.chain.client import ChainUnavailable, RpcRefused
from apps.chain.client.node import label_of
from apps.chain.models import Attempt, AttemptKind, AttemptStatus, Transaction, TransactionStatus
from apps.chain.sender import policy, relays
from apps.chain.sender.desk import Desk, Waits, locked
from apps.core.units import WAD

log = logging.getLogger(__name__)

_ERROR_CHARACTERS_MAX = 500


def send(desk: Desk, row: Transaction) -> Transaction:
    """Give the newest bytes of a transaction to a node, or to the private relays.

    What cancels a private one goes to both: the relays may hold what it replaces, it tells nothing,
    and relays that swallow it too would hold every later nonce for ever.

    Raises:
        Waits: a stop is in force, people no longer stand behind the call, or a trade's market
            moved on. What cancels a nonce moves nothing and may still leave, unless it is the key
            itself that is stopped.
    """
    row = Transaction.objects.get(pk=row.pk)  # what people said a moment ago counts
    attempt = row.attempts.order_by("-id").first()
    assert attempt is not None  # noqa: S101 - stored in the same transaction as SIGNED
    refuse_unless_it_may_leave(desk, row, attempt)
    reached: list[str] = []
    troubles: list[str] = []
    private = is_private(desk, row)
    if private:
        to_relays, troubles = _to_relays(desk, attempt.raw)
        reached += to_relays
    if not private or attempt.kind == AttemptKind.CANCEL:
        provider, trouble = _to_public_pool(desk, attempt.raw)
        reached.append(provider)
        troubles += [trouble] if trouble else []
    elif not reached and desk.config.public_fallback:
        provider, trouble = _to_public_pool(desk, attempt.raw)
        reached.append(f"the public pool, for no relay answered: {provider}")
        troubles = [trouble] if trouble else []
    sent_to, trouble = ", ".join(reached), "; ".join(troubles)
    at = desk.clock()
    with desk.writing():
        row = locked(row)
        Attempt.objects.filter(pk=attempt.pk).update(
            sent_at=attempt.sent_at or at,
            sent_again_at=at,
            sends=attempt.sends + 1,
            sent_to=sent_to[:200] or attempt.sent_to,
            status=AttemptStatus.SENT,
            last_error=trouble[:_ERROR_CHARACTERS_MAX],
        )
        if row.status == TransactionStatus.SIGNED:
            row.broadcast(at=at)
            row.save()
    if trouble:
        log.warning("transaction %s was not taken at once: %s", row.pk, trouble)
    return row


def refuse_unless_it_may_leave(desk: Desk, row: Transaction, attempt: Attempt) -> None:
    """Confirm that these bytes may leave now.

    Raises:
        Waits: they may not.
    """
    policy.refuse_when_key_is_stopped(row)
    if attempt.kind == AttemptKind.CANCEL:
        return
    for stop in policy.stops_of(desk.config, row):
        raise Waits(policy.stopped_in_words(stop))
    at = desk.clock()
    against = policy.taken_back(row, at) or policy.outdated(row, at)
    if against:
        raise Waits(f"It is not sent again, but cancelled: {against}")


def is_private(desk: Desk, row: Transaction) -> bool:
    """Whether others must not see it before it is mined: trades, and large amounts."""
    config = desk.config
    if not config.private_relays:
        return False
    large = (
        config.private_above_units is not None
        and row.moved_assets > config.private_above_units * WAD
    )
    return row.trades or large


def _to_public_pool(desk: Desk, raw: str) -> tuple[str, str]:
    """(who may have it, what went wrong). After trouble it is unknown whether it was accepted."""
    trouble = ""
    try:
        desk.client.call("eth_sendRawTransaction", raw)
    except RpcRefused as refused:
        trouble = refused.message or "refused without a word"
    except ChainUnavailable as unavailable:
        trouble = unavailable.message
    return desk.client.provider, trouble


def _to_relays(desk: Desk, raw: str) -> tuple[list[str], list[str]]:
    """(who answered, what went wrong). All of them get the bytes: one that swallows them does not
    stop us."""
    reached, troubles = [], []
    for url in desk.config.private_relays:
        relay = label_of(url)
        try:
            trouble = relays.hand_over(url, raw, seconds=settings.RPC_TIMEOUT_SECONDS)
        except relays.NoAnswer as no_answer:
            troubles.append(f"{relay}: {no_answer}")
            continue
        reached.append(relay)
        if trouble:
            troubles.append(f"{relay}: {trouble}")
    return reached, troubles
