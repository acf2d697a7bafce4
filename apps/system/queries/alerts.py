"""What is wrong now and needs a person; an alert goes away when its cause does."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse

from apps.approvals import queries as approvals
from apps.chain import queries as chain
from apps.core.display import duration_text
from apps.core.units import format_bps
from apps.fund import queries as fund
from apps.notifications import queries as notifications
from apps.risk import queries as risk
from apps.system.queries import health, tasks, trading, watching
from apps.system.rules import State

SNAPSHOT_STALE = health.POLL_DEAD
EVENTS_MAX = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One thing that is wrong: a sentence, how bad ("warn" or "bad"), and where to look."""

    sentence: str
    tone: str
    url_name: str
    key: int | None = None

    @property
    def url(self) -> str:
        """Where to look."""
        return reverse(self.url_name, args=[] if self.key is None else [self.key])


def alerts(
    *, status: chain.ChainStatus, overview: fund.Overview | None, at: datetime
) -> list[Alert]:
    """Everything that is wrong, the worst first."""
    found = [*_of_risk(), *_of_parts(status, at), *_of_fund(overview, at), *_of_work(at)]
    return sorted(found, key=lambda alert: alert.tone != "bad")


def _of_risk() -> Iterator[Alert]:
    """What nobody has answered yet; what one page cannot hold is one line."""
    rows = list(risk.unanswered()[: EVENTS_MAX + 1])
    for row in rows[:EVENTS_MAX]:
        yield Alert(
            sentence=row.message,
            tone="bad" if row.severity == "CRITICAL" else "warn",
            url_name="admin:risk_riskevent_change",
            key=row.pk,
        )
    if len(rows) > EVENTS_MAX:
        yield Alert(
            sentence="More risk events wait for an answer",
            tone="warn",
            url_name="admin:risk_riskevent_changelist",
        )


def _of_parts(status: chain.ChainStatus, at: datetime) -> Iterator[Alert]:
    parts = (
        health.chain_state(status, at),
        health.listener_state(status, at),
        health.sender_state(at),
        health.checks_state(),
        trading.oracle_state(at),
        trading.rebalancing_state(at),
        watching.risk_state(at),
        watching.forecast_state(at),
        watching.messages_state(),
    )
    for part in parts:
        if part.state in (State.DOWN, State.DEGRADED):
            tone = "bad" if part.state is State.DOWN else "warn"
            yield Alert(
                sentence=f"{part.name.capitalize()}: {part.sentence}",
                tone=tone,
                url_name="admin:system_health",
            )


def _of_fund(overview: fund.Overview | None, at: datetime) -> Iterator[Alert]:
    if overview is None:
        return
    link = "admin:fund_snapshot_changelist"
    if overview.emergency_mode:
        yield Alert(sentence="Emergency mode is on", tone="bad", url_name=link)
    if overview.paused:
        yield Alert(sentence="The vault is paused", tone="bad", url_name=link)
    if at - overview.taken_at > SNAPSHOT_STALE:
        age = duration_text(int((at - overview.taken_at).total_seconds()))
        yield Alert(sentence=f"Fund figures are {age} old", tone="warn", url_name=link)
    for tier in overview.tiers:
        outside = _outside(tier)
        if outside:
            yield Alert(sentence=outside, tone="warn", url_name=link)


def _outside(tier: fund.TierView) -> str:
    if tier.ratio_bps is None or tier.min_bps is None or tier.max_bps is None:
        return ""
    share = format_bps(tier.ratio_bps)
    if tier.ratio_bps < tier.min_bps:
        return f"{tier.tier} is {share}, below its minimum of {format_bps(tier.min_bps)}"
    if tier.ratio_bps > tier.max_bps:
        return f"{tier.tier} is {share}, above its maximum of {format_bps(tier.max_bps)}"
    return ""


def _of_work(at: datetime) -> Iterator[Alert]:
    late = approvals.open_tickets().filter(deadline_at__lte=at).count()
    if late:
        yield Alert(
            sentence=f"{late} ticket{'s'[: late > 1]} past the deadline",
            tone="bad",
            url_name="admin:approvals_ticket_changelist",
        )
    failed = notifications.failed_count()
    if failed:
        yield Alert(
            sentence=f"{failed} message{'s'[: failed > 1]} did not arrive",
            tone="warn",
            url_name="admin:notifications_notification_changelist",
        )
    for task in tasks.tasks(at):
        if task.failing or task.overdue:
            what = "failed" if task.failing else "is overdue"
            yield Alert(
                sentence=f"Job {task.short_name} {what}",
                tone="warn",
                url_name="admin:system_health",
            )
