"""What must hold in our own rows at every moment; each check is a few statements, no node."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from django.db.models import Count, Exists, OuterRef, Q

from apps.approvals import queries as approvals
from apps.chain.calls import Approval
from apps.chain.contracts import CALLS
from apps.chain.models import (
    UNFINISHED,
    Attempt,
    AttemptStatus,
    Block,
    Cursor,
    FindingKind,
    Log,
    LogStatus,
    Reservation,
    SignerAccount,
    Transaction,
    TransactionStatus,
)
from apps.chain.queries.findings import Difference
from apps.chain.queries.ticketless import TRADES_DECIDED_BY, moved_without_ticket
from apps.chain.rules.limits import WINDOW
from apps.core.units import format_amount

_RECENT_BLOCKS = 5000
_RECENT_TRANSACTIONS = 1000
_UNAPPLIED_AFTER = timedelta(minutes=1)
_OVERDUE_AFTER = timedelta(minutes=10)
_CLOCKS_APART = timedelta(minutes=5)
_SHOWN_MAX = 5

_Check = Callable[[int, datetime], Iterator[Difference]]


def broken_invariants(chain_id: int, *, at: datetime) -> list[Difference]:
    """Everything that does not hold on a chain now; empty is the only good answer."""
    return [found for check in _CHECKS for found in check(chain_id, at)]


def _chain_is_linked(chain_id: int, _at: datetime) -> Iterator[Difference]:
    """The cursor stands on a canonical block, and every block we hold follows the one before it."""
    cursor = Cursor.objects.filter(chain_id=chain_id).exclude(tip_hash="").first()
    if cursor is None:
        return
    canonical = Block.objects.filter(chain_id=chain_id, canonical=True)
    tip = canonical.filter(number=cursor.next_block - 1).first()
    if tip is None or tip.hash != cursor.tip_hash:
        yield _money(
            "the cursor's block",
            f"The cursor stands on {cursor.tip_hash} at {cursor.next_block - 1}, "
            f"the block we hold there is {tip.hash if tip else 'missing'}.",
        )
    before = canonical.filter(number=OuterRef("number") - 1).exclude(hash=OuterRef("parent_hash"))
    recent = canonical.filter(number__gte=cursor.next_block - _RECENT_BLOCKS)
    broken = list(recent.filter(Exists(before)).values_list("number", flat=True)[:_SHOWN_MAX])
    if broken:
        yield _money("parent links", f"Blocks that do not follow the one before: {_list(broken)}.")


def _effects_are_of_the_chain(chain_id: int, _at: datetime) -> Iterator[Difference]:
    """What is final or applied is in a block that is canonical."""
    cursor = Cursor.objects.filter(chain_id=chain_id, final_number__isnull=False).first()
    if cursor is None or cursor.final_number is None:
        return
    left = Block.objects.filter(chain_id=chain_id, hash=OuterRef("block_hash"), canonical=False)
    effective = Log.objects.filter(
        chain_id=chain_id,
        status__in=[LogStatus.FINAL, LogStatus.APPLIED, LogStatus.IGNORED, LogStatus.FAILED],
    )
    recent = effective.filter(block_number__gt=cursor.final_number - _RECENT_BLOCKS)
    found = list(recent.filter(Exists(left)).values_list("pk", flat=True)[:_SHOWN_MAX])
    if found:
        yield _money("events of a branch that was left", f"Events {_list(found)}.")


def _every_final_log_is_handled(chain_id: int, at: datetime) -> Iterator[Difference]:
    """A final log is applied, ignored, parked or not understood, or is about to be."""
    cursor = Cursor.objects.filter(chain_id=chain_id, final_number__isnull=False).first()
    if cursor is None:
        return
    logs = Log.objects.filter(chain_id=chain_id).order_by("block_number", "log_index")
    skipped = logs.filter(status=LogStatus.SEEN, block_number__lte=cursor.final_number)
    ids = list(skipped.values_list("pk", flat=True)[:_SHOWN_MAX])
    if ids:
        yield _plain("events that are final and not marked so", f"Events {_list(ids)}.")
    parked = logs.filter(status=LogStatus.FAILED).exclude(key="").order_by().values("key")
    late = logs.filter(status=LogStatus.FINAL, final_at__lt=at - _UNAPPLIED_AFTER)
    rows = list(late.exclude(key__in=parked)[:_SHOWN_MAX])
    if rows and not _is_worked_off(rows[0], at):
        yield _plain("final events that nobody applies", f"Events {_list([r.pk for r in rows])}.")


def _is_worked_off(first: Log, at: datetime) -> bool:
    """Whether what is right before the first that waits was applied just now."""
    done = Log.objects.filter(
        chain_id=first.chain_id,
        block_number__lte=first.block_number,
        status__in=[LogStatus.APPLIED, LogStatus.IGNORED],
    )
    last = done.order_by("-block_number", "-log_index").values_list("applied_at", flat=True).first()
    return last is not None and last > at - _UNAPPLIED_AFTER


def _intents_are_mined_once(chain_id: int, _at: datetime) -> Iterator[Difference]:
    """No transaction has two attempts in blocks: of those on their way, and the newest."""
    rows = Transaction.objects.filter(chain_id=chain_id).order_by("-pk")
    ids = {
        *rows.filter(status__in=UNFINISHED).values_list("pk", flat=True),
        *rows.values_list("pk", flat=True)[:_RECENT_TRANSACTIONS],
    }
    doubled = (
        Attempt.objects.filter(transaction__in=ids, status=AttemptStatus.MINED)
        .values("transaction_id")
        .annotate(mined=Count("pk"))
        .filter(mined__gt=1)
    )
    for row in doubled:
        yield _money(
            f"transaction {row['transaction_id']}", f"{row['mined']} of its attempts are mined."
        )


def _nonces_have_no_gaps(chain_id: int, _at: datetime) -> Iterator[Difference]:
    """Nonces given out and not finished follow each other up to the signer's next."""
    for signer in SignerAccount.objects.filter(chain_id=chain_id, next_nonce__isnull=False):
        rows = Transaction.objects.filter(chain_id=chain_id, signer=signer.address)
        unfinished = rows.filter(status__in=UNFINISHED).values_list("nonce", flat=True)
        open_nonces = sorted(nonce for nonce in unfinished if nonce is not None)
        if not open_nonces or signer.next_nonce is None:
            continue
        settled = set(
            rows.filter(finished_at__isnull=False, nonce__gte=open_nonces[0]).values_list(
                "nonce", flat=True
            )
        )
        missing = set(range(open_nonces[0], signer.next_nonce)) - set(open_nonces) - settled
        beyond = [nonce for nonce in open_nonces if nonce >= signer.next_nonce]
        if missing or beyond:
            wrong = sorted(missing) or beyond
            yield _money(
                f"nonces of {signer.name}",
                f"Next is {signer.next_nonce}; not in order: {_list(wrong)}.",
            )


def _limits_hold(chain_id: int, at: datetime) -> Iterator[Difference]:
    """What is reserved of a day's limits is within them.

    Limits that people lowered since may be exceeded by what was reserved before: that stops
    nothing, because the lower limit itself does. The day is a little shorter than the sender's,
    whose clock is another and goes on: what it let go of must not be counted with what it took.
    """
    since = at - WINDOW + _CLOCKS_APART
    for signer in SignerAccount.objects.filter(chain_id=chain_id):
        rows = Reservation.objects.filter(signer=signer, released_at__isnull=True)
        # In two statements: each has its index, their union has none.
        shares = [
            *rows.filter(at__gt=since).values_list("assets", flat=True),
            *rows.filter(at__lte=since, transaction__status__in=UNFINISHED).values_list(
                "assets", flat=True
            ),
        ]
        assets, calls = sum(shares), len(shares)
        if assets <= signer.per_day_assets and calls <= signer.calls_per_day:
            continue
        yield Difference(
            kind=FindingKind.INVARIANTS,
            subject=f"limits of {signer.name}",
            detail=(
                f"{format_amount(assets)} of {format_amount(signer.per_day_assets)} USDT and "
                f"{calls} of {signer.calls_per_day} transactions are taken."
            ),
            endangers_money=signer.limits_ticket_id is None,
        )


def _nothing_leaves_unapproved(chain_id: int, _at: datetime) -> Iterator[Difference]:
    """What has a nonce has its ticket, where its kind always needs one: of those on their way, and
    the newest."""
    rows = Transaction.objects.filter(chain_id=chain_id)
    newest = rows.order_by("-pk").values_list("pk", flat=True)[:_RECENT_TRANSACTIONS]
    needy = [kind for kind, call in CALLS.items() if call.approval is Approval.ALWAYS]
    without = rows.filter(
        Q(status__in=UNFINISHED) | Q(pk__in=list(newest)),
        kind__in=needy,
        ticket_id__isnull=True,
        nonce__isnull=False,
    )
    for pk, kind in without.values_list("pk", "kind")[:_SHOWN_MAX]:
        yield _money(f"transaction {pk}", f"{kind} has its nonce, and no ticket.")


def _small_trades_stay_small(chain_id: int, at: datetime) -> Iterator[Difference]:
    """Trades without a ticket stay below the amount from which people are asked.

    An amount that people lowered since may be exceeded by what was sent before, as with limits; and
    the day is a little shorter than the sender's.
    """
    moved = moved_without_ticket(chain_id=chain_id, at=at + _CLOCKS_APART, signed_only=True)
    if not moved:
        return
    threshold = approvals.ticket_threshold(TRADES_DECIDED_BY)
    if threshold is not None and moved < threshold:
        return
    rule = approvals.active_rules().filter(kind=TRADES_DECIDED_BY).first()
    yield Difference(
        kind=FindingKind.INVARIANTS,
        subject="trades without a ticket",
        detail=(
            f"They move {format_amount(moved)} USDT in 24 hours; people are asked from "
            f"{format_amount(threshold or 0)} USDT on."
        ),
        endangers_money=rule is not None and rule.ticket_id is None,
    )


def _unfinished_have_a_next_action(chain_id: int, at: datetime) -> Iterator[Difference]:
    """Whatever may have left has bytes to look for; whatever is mined has a block."""
    rows = Transaction.objects.filter(chain_id=chain_id, status__in=UNFINISHED)
    sent = [TransactionStatus.SIGNED, TransactionStatus.BROADCAST, TransactionStatus.MINED]
    attempts = Attempt.objects.filter(transaction=OuterRef("pk"))
    without = rows.filter(status__in=sent).filter(
        ~Exists(attempts) | Q(status=TransactionStatus.MINED, mined_block__isnull=True)
    )
    for pk, status in without.values_list("pk", "status")[:_SHOWN_MAX]:
        yield _money(f"transaction {pk}", f"It is {status} and there is nothing to look for.")
    overdue = rows.filter(deadline_at__lt=at - _OVERDUE_AFTER, signed_at__isnull=True)
    for pk, status in overdue.values_list("pk", "status")[:_SHOWN_MAX]:
        yield _plain(f"transaction {pk}", f"It is {status} past its deadline, and nobody ends it.")


_CHECKS: tuple[_Check, ...] = (
    _chain_is_linked,
    _effects_are_of_the_chain,
    _every_final_log_is_handled,
    _intents_are_mined_once,
    _nonces_have_no_gaps,
    _limits_hold,
    _nothing_leaves_unapproved,
    _small_trades_stay_small,
    _unfinished_have_a_next_action,
)


def _money(subject: str, detail: str) -> Difference:
    return Difference(
        kind=FindingKind.INVARIANTS, subject=subject, detail=detail, endangers_money=True
    )


def _plain(subject: str, detail: str) -> Difference:
    return Difference(kind=FindingKind.INVARIANTS, subject=subject, detail=detail)


def _list(items: list[int]) -> str:
    return ", ".join(str(item) for item in items[:_SHOWN_MAX])
