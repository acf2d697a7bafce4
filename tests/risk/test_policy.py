"""The parameters of risk are changed by two people."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from apps.approvals import operations as approvals
from apps.approvals.models import Ticket
from apps.approvals.queries import current_facts
from apps.audit.models import OperationLog
from apps.risk import operations, queries
from apps.risk.models import Policy
from apps.risk.rules import policy_json
from apps.risk.rules.bounds import BadParameters, refuse_unless_sound
from apps.risk.rules.defaults import PARAMETERS
from apps.risk.rules.figures import Indicator, Parameters
from tests.accounts.people import Person, person
from tests.forcing import guards_off
from tests.rebalance import helpers

from .running import NOON

pytestmark = pytest.mark.django_db

L1 = Indicator.L1_RATIO
HOUR = timedelta(hours=1)


def with_threshold(indicator: Indicator, **changes: Any) -> Parameters:
    limits = replace(PARAMETERS.thresholds[indicator], **changes)
    return replace(PARAMETERS, thresholds={**PARAMETERS.thresholds, indicator: limits})


STRICTER = with_threshold(L1, warning=Decimal("0.12"))


def propose(
    who: Person, parameters: Parameters = STRICTER, *, in_force: timedelta = timedelta(0)
) -> Ticket:
    number = operations.propose_policy(
        parameters=parameters,
        effective_at=NOON + in_force,
        reason="Calmer",
        actor=who.actor,
        at=NOON,
    )
    return Ticket.objects.get(pk=number)


def decide(who: Person, ticket: Ticket, decision: str = "APPROVE", reason: str = "") -> Ticket:
    """Vote, and look at what came of it."""
    helpers.decide(who, ticket, decision, reason)
    return Ticket.objects.get(pk=ticket.pk)


class TestInstalled:
    def test_says_what_the_code_says(self) -> None:
        assert queries.policy(at=NOON) == (1, PARAMETERS)

    def test_is_sound(self) -> None:
        refuse_unless_sound(PARAMETERS)

    def test_without_any_there_is_nothing_to_judge_by(self) -> None:
        with guards_off():
            Policy.objects.all()._raw_delete("default")

        with pytest.raises(queries.NoPolicy):
            queries.policy(at=NOON)


class TestProposed:
    def test_shows_what_changes_and_changes_nothing_yet(self) -> None:
        ada, _ = person("ADMIN"), person("ADMIN")
        mild = replace(STRICTER, response=replace(STRICTER.response, calm_minutes=4))

        ticket = propose(ada, mild, in_force=HOUR)

        assert (ticket.kind, ticket.subject_id) == ("CONFIG_CHANGE", "risk:policy")
        assert ticket.facts["changes"] == [
            {"parameter": "l1_ratio.warning", "old": "0.1", "new": "0.12"},
            {"parameter": "calm_minutes", "old": "5", "new": "4"},
        ]
        assert ticket.facts["effectiveAt"] == "2026-03-02T13:00:00+00:00"
        assert queries.policy(at=NOON + HOUR) == (1, PARAMETERS)

    def test_is_described_in_words(self) -> None:
        ada, _ = person("ADMIN"), person("ADMIN")
        changed = with_threshold(L1, warning=Decimal("0.12"), weight=20)
        changed = replace(changed, response=replace(changed.response, recovery_minutes=60))

        said = queries.describe_policy_change(propose(ada, changed))["sentence"]

        assert "L1 ratio, warning 10 % → 12 %" in said
        assert "L1 ratio, weight 12 → 20" in said
        assert "recovery minutes 30 → 60" in said
        assert "from 2026-03-02 12:00 UTC on" in said
        assert "Calmer" in said

    def test_refuses_what_changes_nothing(self) -> None:
        with pytest.raises(approvals.NothingChanges):
            propose(person("ADMIN"), PARAMETERS)

    def test_refuses_without_a_reason(self) -> None:
        with pytest.raises(approvals.NoReason):
            operations.propose_policy(
                parameters=STRICTER,
                effective_at=NOON,
                reason=" ",
                actor=person("ADMIN").actor,
                at=NOON,
            )

    @pytest.mark.parametrize("in_force", [timedelta(seconds=-1), timedelta(days=365, seconds=1)])
    def test_refuses_a_time_that_is_past_or_too_far(self, in_force: timedelta) -> None:
        with pytest.raises(operations.BadTime):
            propose(person("ADMIN"), in_force=in_force)

    def test_refuses_a_second_question_while_one_is_open(self) -> None:
        ada, _ = person("ADMIN"), person("ADMIN")
        propose(ada)

        with pytest.raises(approvals.AlreadyProposed):
            propose(ada, with_threshold(L1, warning=Decimal("0.13")))

    def test_refuses_where_nobody_else_could_vote(self) -> None:
        with pytest.raises(approvals.TooFewEligible):
            propose(person("ADMIN"))

    def test_refuses_what_makes_no_sense(self) -> None:
        with pytest.raises(BadParameters, match="critical is never above warning"):
            propose(person("ADMIN"), with_threshold(L1, warning=Decimal("0.07")))


class TestDecided:
    def test_comes_into_force_at_its_time(self) -> None:
        ada, bob = person("ADMIN"), person("ADMIN")

        ticket = decide(bob, propose(ada, in_force=HOUR))

        assert ticket.execution_status == "DONE"
        assert queries.policy(at=NOON + HOUR - timedelta(seconds=1)) == (1, PARAMETERS)
        assert queries.policy(at=NOON + HOUR) == (2, STRICTER)
        row = OperationLog.objects.get(action="CHANGE_POLICY")
        assert row.after["l1_ratio.warning"] == "0.12"

    def test_rejected_changes_nothing(self) -> None:
        ada, bob = person("ADMIN"), person("ADMIN")

        decide(bob, propose(ada), "REJECT", "No")

        assert queries.policy(at=NOON + HOUR) == (1, PARAMETERS)

    def test_of_those_whose_time_has_come_the_last_decision_counts(self) -> None:
        ada, bob = person("ADMIN"), person("ADMIN")
        decide(bob, propose(ada, in_force=2 * HOUR))
        other = with_threshold(L1, warning=Decimal("0.13"))
        decide(bob, propose(ada, other, in_force=HOUR))

        assert queries.policy(at=NOON + HOUR) == (3, other)
        assert queries.policy(at=NOON + 3 * HOUR) == (3, other)

    def test_fails_where_the_parameters_became_others_at_the_last_moment(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ada, bob = person("ADMIN"), person("ADMIN")
        ticket = propose(ada)
        other = Policy(version=2, values=policy_json.as_json(PARAMETERS))
        monkeypatch.setattr("apps.risk.operations.policy._newest_locked", lambda: other)

        ticket = decide(bob, ticket)

        assert ticket.execution_status == "FAILED"
        assert "not version 1" in ticket.execution_error
        assert Policy.objects.count() == 1

    def test_is_refused_a_vote_once_the_parameters_are_others(self) -> None:
        ada, bob = person("ADMIN"), person("ADMIN")
        ticket = propose(ada)
        with guards_off():
            Policy.objects.create(
                version=2,
                values=policy_json.as_json(PARAMETERS),
                effective_at=NOON,
                ticket_id=99,
                created_at=NOON,
            )

        with pytest.raises(approvals.FiguresChanged):
            decide(bob, ticket)

    def test_the_panel_says_when_the_question_is_moot(self) -> None:
        ada, _ = person("ADMIN"), person("ADMIN")
        ticket = propose(ada)
        assert current_facts(ticket) == ticket.facts
        with guards_off():
            Policy.objects.create(
                version=2, values={}, effective_at=NOON, ticket_id=99, created_at=NOON
            )

        assert current_facts(ticket) is None

    def test_other_configuration_is_not_ours(self) -> None:
        ada, bob = person("ADMIN"), person("ADMIN")
        number = approvals.propose_change(
            kind="CONFIG_CHANGE",
            subject_id="somebody:else",
            title="Else",
            facts={"old": {}, "new": {}, "reason": "x"},
            chain_id=31337,
            actor=ada.actor,
            at=NOON,
        )

        decide(bob, Ticket.objects.get(pk=number))

        assert Policy.objects.count() == 1


class TestKeptByTheDatabase:
    def test_a_version_is_neither_changed_nor_deleted(self) -> None:
        row = Policy.objects.get()

        with pytest.raises(IntegrityError, match="stays"), transaction.atomic():
            Policy.objects.filter(pk=row.pk).update(values={})
        with pytest.raises(IntegrityError, match="stays"), transaction.atomic():
            Policy.objects.filter(pk=row.pk)._raw_delete("default")

    @pytest.mark.parametrize(
        "change",
        [
            lambda row: setattr(row, "values", {**row.values, "levels": {}}),
            lambda row: setattr(row, "effective_at", NOON + HOUR),
            lambda row: setattr(row, "version", 3),
            lambda row: setattr(row, "ticket_id", 10**9),
        ],
        ids=["values", "time", "version", "ticket"],
    )
    def test_a_version_is_what_its_ticket_says(self, change: Callable[[Policy], None]) -> None:
        ada, bob = person("ADMIN"), person("ADMIN")
        ticket = decide(bob, propose(ada))
        kept = Policy.objects.get(version=2)
        with guards_off():
            Policy.objects.filter(version=2)._raw_delete("default")
        copy = Policy(
            version=2,
            values=kept.values,
            effective_at=kept.effective_at,
            ticket_id=ticket.pk,
            created_at=NOON,
        )
        change(copy)

        with pytest.raises(IntegrityError, match="approved ticket"), transaction.atomic():
            copy.save()

    def test_a_question_that_was_not_answered_is_no_approval(self) -> None:
        ada, _ = person("ADMIN"), person("ADMIN")
        ticket = propose(ada)

        with pytest.raises(IntegrityError, match="approved ticket"), transaction.atomic():
            Policy.objects.create(
                version=2,
                values=ticket.facts["new"],
                effective_at=NOON,
                ticket_id=ticket.pk,
                created_at=NOON,
            )

    def test_nobody_installs_a_second_first_one(self) -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            Policy.objects.create(
                version=1, values={}, effective_at=NOON, ticket_id=None, created_at=NOON
            )
