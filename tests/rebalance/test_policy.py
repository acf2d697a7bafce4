"""The parameters of rebalancing are changed by two people."""

from dataclasses import replace
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from apps.approvals import operations as approvals
from apps.approvals.models import Ticket
from apps.approvals.queries import current_facts
from apps.audit.models import OperationLog
from apps.rebalance import operations, queries
from apps.rebalance.models import Policy
from apps.rebalance.rules.bounds import BadParameters
from apps.rebalance.rules.figures import Blackout, Parameters
from tests.accounts.people import Person, person
from tests.forcing import guards_off

from .helpers import decide
from .running import NOON, USDT

pytestmark = pytest.mark.django_db

NIGHT = Blackout(weekdays=(5, 6), start_minute=22 * 60, end_minute=6 * 60, reason="weekend")


def propose(who: Person, **changes: Any) -> Ticket:
    number = operations.propose_policy(
        parameters=replace(Parameters(), **changes),
        reason="Calmer",
        actor=who.actor,
        at=NOON,
    )
    return Ticket.objects.get(pk=number)


class TestInstalled:
    def test_says_what_the_code_says(self) -> None:
        assert queries.policy() == (1, Parameters())

    def test_without_any_nobody_plans(self) -> None:
        with guards_off():
            Policy.objects.all()._raw_delete("default")

        with pytest.raises(queries.NoPolicy):
            queries.policy()


class TestProposed:
    def test_shows_what_changes_and_changes_nothing_yet(self) -> None:
        ada, _ = person("ADMIN"), person("ADMIN")

        ticket = propose(ada, cooldown_minutes=60, plan_assets_min=20_000 * USDT)

        assert (ticket.kind, ticket.subject_id, ticket.maker_user_id) == (
            "CONFIG_CHANGE",
            "rebalance:policy",
            ada.id,
        )
        assert ticket.facts["changes"] == [
            {
                "parameter": "plan_assets_min",
                "old": str(10_000 * USDT),
                "new": str(20_000 * USDT),
            },
            {"parameter": "cooldown_minutes", "old": "30", "new": "60"},
        ]
        assert queries.policy() == (1, Parameters())

    def test_is_described_in_words(self) -> None:
        ada, _ = person("ADMIN"), person("ADMIN")

        said = queries.describe_policy_change(propose(ada, cooldown_minutes=60))

        assert "cooldown_minutes 30 → 60" in said["sentence"]
        assert "Calmer" in said["sentence"]

    def test_refuses_what_changes_nothing(self) -> None:
        with pytest.raises(approvals.NothingChanges):
            propose(person("ADMIN"))

    def test_refuses_without_a_reason(self) -> None:
        with pytest.raises(approvals.NoReason):
            operations.propose_policy(
                parameters=replace(Parameters(), cooldown_minutes=60),
                reason=" ",
                actor=person("ADMIN").actor,
                at=NOON,
            )

    def test_refuses_a_second_question_while_one_is_open(self) -> None:
        ada, _ = person("ADMIN"), person("ADMIN")
        propose(ada, cooldown_minutes=60)

        with pytest.raises(approvals.AlreadyProposed):
            propose(ada, cooldown_minutes=90)

    def test_refuses_where_nobody_else_could_vote(self) -> None:
        with pytest.raises(approvals.TooFewEligible):
            propose(person("ADMIN"), cooldown_minutes=60)

    @pytest.mark.parametrize(
        "changes",
        [
            {"l1_low_bps": 1_500},
            {"l1_high_bps": 800},
            {"slippage_warn_bps": 501},
            {"expected_slippage_bps": 501},
            {"asset_weight_max_bps": 6_001},
            {"stale_bps": 0},
            {"stale_bps": 10_001},
            {"plan_assets_min": -1},
            {"preview_minutes": 61},
            {"approved_hours": 0},
            {"gas_units_per_trade": 20_999},
            {"blackouts": (replace(NIGHT, weekdays=()),)},
            {"blackouts": (replace(NIGHT, weekdays=(7,)),)},
            {"blackouts": (replace(NIGHT, start_minute=1_440),)},
            {"blackouts": (replace(NIGHT, start_minute=5, end_minute=5),)},
            {"blackouts": (replace(NIGHT, reason=""),)},
            {"blackouts": (NIGHT,) * 51},
        ],
        ids=lambda changes: next(iter(changes)),
    )
    def test_refuses_what_makes_no_sense(self, changes: dict[str, Any]) -> None:
        with pytest.raises(BadParameters):
            propose(person("ADMIN"), **changes)

    def test_every_parameter_has_its_range(self) -> None:
        ada, _ = person("ADMIN"), person("ADMIN")

        assert propose(ada, blackouts=(NIGHT,)).facts["changes"][0]["parameter"] == "blackouts"


class TestApplied:
    def test_is_in_force_once_a_second_person_approved(self) -> None:
        ada, ben = person("ADMIN"), person("ADMIN")
        ticket = propose(ada, cooldown_minutes=60, blackouts=(NIGHT,))

        decide(ben, ticket)

        expected = replace(Parameters(), cooldown_minutes=60, blackouts=(NIGHT,))
        assert queries.policy() == (2, expected)
        assert [(row.version, row.active) for row in Policy.objects.all()] == [
            (2, True),
            (1, False),
        ]
        assert Policy.objects.get(version=2).ticket_id == ticket.pk
        assert Ticket.objects.get(pk=ticket.pk).execution_status == "DONE"
        row = OperationLog.objects.get(action="CHANGE_POLICY")
        assert row.before == {"cooldown_minutes": "30", "blackouts": []}

    def test_the_maker_does_not_approve(self) -> None:
        ada, _ = person("ADMIN"), person("ADMIN")
        ticket = propose(ada, cooldown_minutes=60)

        with pytest.raises(approvals.MakerCannotCheck):
            decide(ada, ticket)
        assert queries.policy()[0] == 1

    def test_a_rejection_changes_nothing(self) -> None:
        ada, ben = person("ADMIN"), person("ADMIN")

        decide(ben, propose(ada, cooldown_minutes=60), "REJECT", "no")

        assert queries.policy() == (1, Parameters())

    def test_nobody_votes_once_other_parameters_are_in_force(self) -> None:
        ada, ben = person("ADMIN"), person("ADMIN")
        ticket = propose(ada, cooldown_minutes=60)
        with guards_off():
            Policy.objects.update(version=3, ticket_id=1)

        assert current_facts(ticket) is None
        with pytest.raises(approvals.FiguresChanged):
            decide(ben, ticket)

    def test_another_configuration_is_not_ours(self) -> None:
        ada, ben = person("ADMIN"), person("ADMIN")
        number = approvals.propose_change(
            kind="CONFIG_CHANGE",
            subject_id="rebalance:something-else",
            title="Something else",
            facts={"new": {}},
            chain_id=31337,
            actor=ada.actor,
            at=NOON,
        )

        decide(ben, Ticket.objects.get(pk=number))

        assert queries.policy()[0] == 1

    def test_a_ticket_stands_for_its_own_values_once(self) -> None:
        ada, ben = person("ADMIN"), person("ADMIN")
        ticket = propose(ada, cooldown_minutes=60)
        decide(ben, ticket)
        row = Policy.objects.get(version=2)
        Policy.objects.filter(pk=row.pk).update(active=False)

        for version in (2, 3):
            with pytest.raises(IntegrityError), transaction.atomic():
                Policy.objects.create(
                    version=version, values=row.values, ticket_id=ticket.pk, created_at=NOON
                )
        with guards_off():
            Policy.objects.filter(pk=row.pk)._raw_delete("default")
        with pytest.raises(IntegrityError, match="approved ticket"), transaction.atomic():
            Policy.objects.create(
                version=2,
                values=row.values | {"cooldown_minutes": "0"},
                ticket_id=ticket.pk,
                created_at=NOON,
            )
