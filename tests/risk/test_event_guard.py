"""PostgreSQL itself keeps risk events on their table, whoever writes."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from apps.risk import operations
from apps.risk.models import RiskEvent
from apps.risk.rules.life import EVENT_TRANSITIONS, EventStatus
from tests.accounts.people import person
from tests.forcing import guards_off

from .raised import NOON, after, critical, low, well

pytestmark = pytest.mark.django_db

FITTING: dict[str, dict[str, Any]] = {
    "OPEN": {
        "resolved_at": None,
        "resolved_by": "",
        "resolved_by_id": None,
        "resolution": "",
        "by_itself": False,
        "acknowledged_at": None,
        "acknowledged_by": "",
        "acknowledged_by_id": None,
    },
    "ACKNOWLEDGED": {
        "acknowledged_at": NOON,
        "acknowledged_by": "rita",
        "acknowledged_by_id": 7,
        "resolved_at": None,
        "escalate_at": None,
    },
    "RESOLVED": {
        "resolved_at": NOON,
        "resolution": "over",
        "by_itself": True,
        "escalate_at": None,
    },
}
"""What a row of a status looks like, beside its status."""


def write(row: RiskEvent, **changes: Any) -> None:
    """What a shell would write, in a transaction of its own."""
    with transaction.atomic():
        RiskEvent.objects.filter(pk=row.pk).update(**changes)


def refused(row: RiskEvent, match: str, **changes: Any) -> None:
    with pytest.raises(IntegrityError, match=match):
        write(row, **changes)


def in_state(status: str) -> RiskEvent:
    row = low()
    with guards_off():
        RiskEvent.objects.filter(pk=row.pk).update(status=status, **FITTING[status])
    return RiskEvent.objects.get(pk=row.pk)


def acknowledged() -> RiskEvent:
    return operations.acknowledge(event_id=low().pk, actor=person("ADMIN").actor, at=NOON)


class TestTable:
    @pytest.mark.parametrize("before", list(EventStatus))
    @pytest.mark.parametrize("after", list(EventStatus))
    def test_is_the_one_of_the_rules(self, before: EventStatus, after: EventStatus) -> None:
        row = in_state(before)
        returns = 1 if (before, after) == ("RESOLVED", "OPEN") else 0

        if before == after:
            return
        if after in EVENT_TRANSITIONS[before]:
            write(row, status=after, flaps=returns, **FITTING[after])
        else:
            refused(row, f"from {before} to {after}", status=after, **FITTING[after])

    def test_begins_open_and_told(self) -> None:
        for changes in (
            {"status": "RESOLVED", **FITTING["RESOLVED"]},
            {"status": "ACKNOWLEDGED", **FITTING["ACKNOWLEDGED"]},
            {"told_severity": "INFO"},
            {"told_severity": "CRITICAL"},
            {"flaps": 1},
            {"escalations": 1},
            {"snoozed_until": NOON},
        ):
            row = low()
            with guards_off():
                RiskEvent.objects.filter(pk=row.pk).delete()
            row.pk = None
            # The field is protected, so a shell would make the row anew.
            values = {
                field.attname: getattr(row, field.attname)
                for field in RiskEvent._meta.concrete_fields
            } | changes
            with (
                pytest.raises(IntegrityError, match="begins as OPEN"),
                transaction.atomic(),
            ):
                RiskEvent.objects.bulk_create([RiskEvent(**values)])

    def test_is_never_deleted(self) -> None:
        row = low()

        with pytest.raises(IntegrityError, match="never deleted"), transaction.atomic():
            row.delete()

    def test_a_second_unresolved_one_is_refused(self) -> None:
        row = low()
        row.pk = None

        with pytest.raises(IntegrityError, match="riskevent_one_open"), transaction.atomic():
            row.save(force_insert=True)


class TestFrozen:
    @pytest.mark.parametrize(
        "changes",
        [{"type": "FORECAST"}, {"indicator": "event_lag"}, {"opened_at": after(minutes=1)}],
    )
    def test_what_it_is_about(self, changes: dict[str, Any]) -> None:
        refused(low(), "what a risk event is about", **changes)

    @pytest.mark.parametrize(
        "changes",
        [
            {"resolution": "something else"},
            {"resolved_by": "nobody"},
            {"severity": "INFO"},
            {"message": "nothing happened"},
            {"worst_value": 1},
            {"acknowledge_note": "I saw it"},
        ],
    )
    def test_how_it_ended(self, changes: dict[str, Any]) -> None:
        low()
        row = well()
        assert row is not None

        refused(row, "how a risk event ended", **changes)

    @pytest.mark.parametrize(
        "changes",
        [
            {"acknowledged_by": "anna"},
            {"acknowledged_by_id": 7},
            {"acknowledged_at": after(minutes=9)},
            {"acknowledge_note": "x"},
        ],
    )
    def test_who_acknowledged(self, changes: dict[str, Any]) -> None:
        refused(acknowledged(), "who acknowledged", **changes)

    def test_who_acknowledged_also_while_it_resolves(self) -> None:
        refused(
            acknowledged(),
            "who acknowledged",
            status="RESOLVED",
            acknowledged_by="",
            **FITTING["RESOLVED"],
        )

    def test_what_was_told_within_one_opening(self) -> None:
        refused(critical(), "taken back", told_severity="WARNING", severity="WARNING")

    def test_it_is_no_graver_than_told(self) -> None:
        refused(low(), "graver than", severity="CRITICAL")

    @pytest.mark.parametrize("changes", [{"times": 0}, {"last_seen_at": after(minutes=-1)}])
    def test_counts_only_up(self, changes: dict[str, Any]) -> None:
        refused(low(), "only counts up", **changes)

    @pytest.mark.parametrize("escalations", [0, 3])
    def test_steps_are_taken_once(self, escalations: int) -> None:
        row = low()
        operations.escalate_due(at=after(minutes=30))

        refused(row, "twice at most", escalations=escalations)


class TestReturns:
    def test_what_a_person_resolved_does_not(self) -> None:
        row = operations.resolve(
            event_id=low().pk, resolution="Done", actor=person("ADMIN").actor, at=NOON
        )

        refused(row, "a person resolved", status="OPEN", flaps=1, **FITTING["OPEN"])

    @pytest.mark.parametrize("flaps", [0, 2])
    def test_are_counted(self, flaps: int) -> None:
        refused(in_state("RESOLVED"), "each return", status="OPEN", flaps=flaps, **FITTING["OPEN"])

    def test_are_not_counted_without_one(self) -> None:
        refused(low(), "each return", flaps=1)

    def test_want_a_new_acknowledgement(self) -> None:
        low()
        operations.acknowledge(
            event_id=RiskEvent.objects.get().pk, actor=person("ADMIN").actor, at=NOON
        )
        row = well()
        assert row is not None
        resolved = {
            name: value for name, value in FITTING["OPEN"].items() if "acknowledged" not in name
        }

        refused(row, "is not acknowledged", status="OPEN", flaps=1, **resolved)


class TestPeople:
    def test_acknowledge(self) -> None:
        for missing in ({"acknowledged_by_id": None}, {"acknowledged_by": ""}):
            fields = FITTING["ACKNOWLEDGED"] | missing
            row = RiskEvent.objects.first() or low()
            refused(row, "a person acknowledges", status="ACKNOWLEDGED", **fields)

    def test_resolve_in_their_name_or_it_resolves_itself(self) -> None:
        row = low()

        for fields in ({"by_itself": False}, {"resolved_by_id": 7}):
            said = FITTING["RESOLVED"] | fields
            refused(row, "by a person or by itself", status="RESOLVED", **said)

    def test_say_how_it_ended(self) -> None:
        said = FITTING["RESOLVED"] | {"resolution": ""}
        refused(low(), "ended is said", status="RESOLVED", **said)

    def test_put_it_off_with_a_reason(self) -> None:
        row, later = low(), after(hours=1)
        whole = {
            "snoozed_until": later,
            "escalate_at": later,
            "snoozed_by": "rita",
            "snooze_reason": "x",
        }

        for wrong in (
            {"snoozed_by": ""},
            {"snooze_reason": ""},
            {"escalate_at": None},
            {"escalate_at": NOON},
        ):
            refused(row, "puts off", **whole | wrong)
        write(row, **whole)


class TestEscalation:
    def test_is_not_taken_from_what_nobody_answered(self) -> None:
        refused(low(), "told again", escalate_at=None)

    def test_ends_after_the_last_step(self) -> None:
        row = low()

        write(row, escalations=2, escalate_at=None)

        assert RiskEvent.objects.get(pk=row.pk).escalate_at is None
