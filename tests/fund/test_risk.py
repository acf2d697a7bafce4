"""The level of risk that an upper app wrote down: newest wins, stale is unknown."""

from datetime import timedelta

import pytest
from django.db import IntegrityError

from apps.audit.models import OperationLog
from apps.fund import operations, queries
from apps.fund.models import RiskState
from tests.fund.facts import START

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


def say(level: str = "NORMAL", minutes: int = 0) -> None:
    at = START + minutes * MINUTE
    operations.set_risk_state(level=level, readings={"l1_ratio": "0.12"}, as_of=at, at=at)


class TestSetting:
    def test_is_read_while_it_is_fresh(self) -> None:
        say("ELEVATED")

        found = queries.risk_state(at=START + 15 * MINUTE)

        assert found is not None
        assert (found.level, found.readings, found.as_of) == (
            "ELEVATED",
            {"l1_ratio": "0.12"},
            START,
        )

    def test_is_unknown_before_the_first_and_after_a_quarter_of_an_hour(self) -> None:
        assert queries.risk_state(at=START) is None

        say()

        assert queries.risk_state(at=START + 15 * MINUTE + timedelta(seconds=1)) is None

    def test_replaces_what_was_said_before(self) -> None:
        say("NORMAL")
        say("HIGH", minutes=1)

        found = queries.risk_state(at=START + MINUTE)

        assert found is not None
        assert found.level == "HIGH"
        assert RiskState.objects.count() == 1

    def test_a_change_of_level_is_in_the_audit_trail_and_its_repetition_is_not(self) -> None:
        say("NORMAL")
        say("NORMAL", minutes=1)
        say("HIGH", minutes=2)

        levels = OperationLog.objects.filter(action="RISK_LEVEL").order_by("id")
        assert [row.after["level"] for row in levels if row.after] == ["NORMAL", "HIGH"]

    def test_refuses_an_older_judgement(self) -> None:
        say("HIGH", minutes=1)

        with pytest.raises(operations.NewerKnown):
            say("NORMAL")

        assert RiskState.objects.get().level == "HIGH"

    def test_refuses_a_level_that_does_not_exist(self) -> None:
        with pytest.raises(operations.UnknownLevel):
            say("FINE")

    def test_refuses_a_time_to_come(self) -> None:
        with pytest.raises(operations.NotYetTrue):
            operations.set_risk_state(level="NORMAL", readings={}, as_of=START + MINUTE, at=START)

    def test_the_database_keeps_one_row(self) -> None:
        say()

        with pytest.raises(IntegrityError, match="riskstate_is_one"):
            RiskState.objects.create(pk=2, level="NORMAL", as_of=START, written_at=START)
