"""Risk as it was judged for two years: runs, readings and events in bulk, each a copy of what one
real run left."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection

from apps.risk import operations
from apps.risk.models import Assessment, Reading, RiskEvent
from tests import installed
from tests.forcing import guards_off
from tests.risk.shown import judged, short

EVERY_RUN = timedelta(days=14), timedelta(minutes=5)
ONE_AN_HOUR = timedelta(days=730), timedelta(hours=1)
"""How long runs are kept, and how far apart they are, as pruning leaves them."""
EVENTS = 2_000
_OWN = frozenset({"id", "at", "level_changed", "assessment_id"})


def fill_risk(at: datetime) -> None:
    """All of it, the newest as of an instant."""
    installed.risk_policy()
    run = judged(short(at))
    for kept, apart in (EVERY_RUN, ONE_AN_HOUR):
        since = EVERY_RUN[0] if apart == ONE_AN_HOUR[1] else timedelta()
        _runs(run, first=since // apart + 1, last=kept // apart, apart=apart)
    _readings(run)
    _events(at)
    operations.make_forecasts(at=at)


def _runs(run: Assessment, *, first: int, last: int, apart: timedelta) -> None:
    names = _columns(Assessment)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO risk_assessment (at, level_changed, {names})"  # noqa: S608 - our columns
            f" SELECT at - number * %s, number %% 50 = 0, {names}"
            " FROM risk_assessment, generate_series(%s, %s) AS number WHERE id = %s",
            [apart, first, last, run.pk],
        )


def _readings(run: Assessment) -> None:
    """Values stray by a tenth, so that a curve has something to show."""
    names = _columns(Reading)
    strayed = ", ".join(
        "value * (0.95 + random()::numeric / 10)" if name == "value" else f"reading.{name}"
        for name in names.split(", ")
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO risk_reading (assessment_id, at, {names})"  # noqa: S608
            f" SELECT run.id, run.at, {strayed}"
            " FROM risk_reading AS reading, risk_assessment AS run"
            " WHERE reading.assessment_id = %s AND run.id <> %s",
            [run.pk, run.pk],
        )
        cursor.execute("ANALYZE risk_reading, risk_assessment")


def _events(at: datetime) -> None:
    row = RiskEvent.objects.filter(type="INDICATOR").first()
    assert row is not None
    fields = [field.attname for field in RiskEvent._meta.concrete_fields if field.attname != "id"]
    copies = []
    for number in range(EVENTS):
        opened = at - timedelta(hours=8 * (number + 1))
        ended = {
            "opened_at": opened,
            "last_seen_at": opened,
            "status": "RESOLVED",
            "resolved_at": opened + timedelta(hours=1),
            "resolution": "In order again.",
            "by_itself": True,
            "escalate_at": None,
        }
        copies.append(RiskEvent(**{name: getattr(row, name) for name in fields} | ended))
    with guards_off():
        RiskEvent.objects.bulk_create(copies, batch_size=500)


def _columns(model: type[Assessment | Reading]) -> str:
    fields = model._meta.concrete_fields
    return ", ".join(field.column for field in fields if field.column not in _OWN)
