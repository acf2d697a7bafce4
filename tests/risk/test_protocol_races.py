"""The protocol under blows: a process that dies, and many who act in the same moment."""

import threading
from typing import Any

import pytest
from django.db import transaction

from apps.approvals import queries as tickets
from apps.approvals.models import Ticket
from apps.chain.models import Transaction
from apps.risk import operations
from apps.risk.events import IncidentOpened
from apps.risk.models import Incident
from apps.risk.operations import asking, deciding, incidents
from apps.risk.rules.protocol import TicketCause
from tests import installed
from tests.accounts.people import Person, person
from tests.approvals.helpers import decide
from tests.forcing import guards_off
from tests.racing import outcomes, refusals
from tests.redemptions.helpers import CHAIN

from .emergencies import (
    NOON,
    after,
    judge,
    lines,
    open_emergency,
    opened,
    sent,
    team,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def people(request: pytest.FixtureRequest) -> list[Person]:
    return team()


def incident() -> Incident:
    return Incident.objects.get()


class TestKilled:
    """Dying anywhere leaves nothing half-done, and the next try does each thing once."""

    @pytest.mark.parametrize(
        ("module", "name"),
        [
            (asking, "open_ticket"),
            (asking, "adopt"),
            (incidents, "record"),
            (incidents, "write"),
        ],
    )
    def test_while_an_incident_opens(
        self, module: Any, name: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(module, name, _dies)
            with pytest.raises(_Killed):
                judge("CRITICAL", at=NOON)
        assert not Incident.objects.exists()
        assert not Ticket.objects.exists()

        judge("CRITICAL", at=after(minutes=1))

        assert Incident.objects.count() == 1
        assert Ticket.objects.count() == 2

    @pytest.mark.parametrize("name", ["timeline", "approvals"])
    def test_while_a_decision_is_carried_out(
        self, name: str, people: list[Person], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        ticket = open_emergency(people[0])
        decide(people[1], ticket, at=NOON)
        with monkeypatch.context() as patch:
            patch.setattr(deciding.approvals, "record_execution", _dies)
            with pytest.raises(_Killed):
                decide(people[2], ticket, at=NOON)
        assert not Incident.objects.exists()
        assert not Transaction.objects.exists()
        assert tickets.ticket(ticket.pk).status == "PARTIALLY_APPROVED"

        decide(people[2], ticket, at=NOON)

        assert len(sent(ticket)) == 2
        assert Incident.objects.count() == 1


class _Killed(BaseException):
    """The process dies here."""


def _dies(*_args: Any, **_kwargs: Any) -> None:
    raise _Killed


@pytest.mark.django_db(transaction=True)
class TestRaces:
    def test_many_who_open_it_open_one(self, facts: list[object]) -> None:
        causes = [TicketCause.ALERT, TicketCause.LEVEL_CRITICAL, TicketCause.SWITCHED] * 3

        results = outcomes([lambda cause=cause: opened(cause) for cause in causes])

        assert not refusals(results)
        assert Incident.objects.count() == 1
        assert Ticket.objects.count() == 2
        assert incident().actions.count() == 2
        assert sum(isinstance(fact, IncidentOpened) for fact in facts) == 1

    def test_the_clock_twice_at_once_does_each_thing_once(self) -> None:
        opened()

        results = outcomes([lambda: operations.advance_incidents(at=after(minutes=31))] * 6)

        assert not refusals(results)
        assert incident().phase == "PEOPLE"
        assert incident().checklist.count() == 6
        assert Ticket.objects.count() == 2
        assert lines(incident(), "PHASE")[1:] == [
            "Phase liquidity: the alarm is out; now cash is raised.",
            "Phase people: it lasts for 30 minutes; people work through the checklist.",
        ]

    def test_the_last_vote_against_an_incident_that_opens(self) -> None:
        installed.rules()
        people = team()
        ticket = open_emergency(people[0])
        decide(people[1], ticket, at=NOON)

        results = outcomes(
            [
                lambda: decide(people[2], ticket, at=NOON),
                opened,
                lambda: operations.advance_incidents(at=NOON),
            ]
        )

        refusals(results)  # and no other error
        assert Incident.objects.count() == 1
        pauses = Transaction.objects.filter(kind="PAUSE_REDEMPTIONS").count()
        assert pauses <= 1
        asked = Ticket.objects.filter(subject_id="emergency:PAUSE_REDEMPTIONS:on").count()
        assert asked <= 1
        assert pauses + asked >= 1

    def test_it_is_closed_before_or_after_a_step_not_within(self) -> None:
        found = opened()
        with guards_off():
            Incident.objects.update(phase="RECOVERY", calm_since=NOON)
        who = person("RISK_OFFICER").actor
        closing = threading.Thread(
            target=lambda: outcomes(
                [lambda: operations.close(incident_id=found.pk, lessons="x", actor=who, at=NOON)]
            )
        )
        with transaction.atomic():
            incidents.hold(CHAIN)
            closing.start()
            closing.join(timeout=0.5)
            assert incident().phase == "RECOVERY"
        closing.join(timeout=60)

        assert incident().phase == "CLOSED"

    def test_two_who_tick_at_once(self) -> None:
        found = opened()
        operations.advance_incidents(at=after(minutes=31))
        item = found.checklist.get(position=1)
        one, two = person("RISK_OFFICER"), person("OPERATOR")

        results = outcomes(
            [
                lambda: operations.tick(item_id=item.pk, actor=one.actor, at=NOON),
                lambda: operations.tick(item_id=item.pk, actor=two.actor, at=NOON),
            ]
        )

        assert refusals(results) == {"AlreadyTicked": 1}
        assert len(lines(found, "CHECKLIST")) == 1
