"""People, situations and votes for tests of plans."""

from datetime import datetime
from typing import Any

import pytest
from django.db import transaction

from apps.approvals.models import Ticket
from apps.core.actor import Actor
from apps.fund import operations as fund
from apps.rebalance import queries
from apps.rebalance.models import Plan
from apps.rebalance.operations import making
from apps.rebalance.rules.figures import Action, Aim, AimKind, Parameters, Situation
from tests import installed
from tests.accounts.people import Person, person
from tests.approvals import helpers

from .running import NOON, blueprint, situation

CLOCK = Actor.system("clock")
LIQUIDITY = Aim(kind=AimKind.LIQUIDITY)


def seed_policy() -> None:
    """The first parameters; a transactional test before this one may have flushed them."""
    installed.policy()


class Fund:
    """How the fund stands, as far as operations can see; a test changes it."""

    def __init__(self, stands: Situation) -> None:
        self.stands: Situation | Exception = stands
        self.read_times = 0

    def read(self, **_asked: Any) -> Situation:
        self.read_times += 1
        if isinstance(self.stands, Exception):
            raise self.stands
        return self.stands


@pytest.fixture
def fund_now(monkeypatch: pytest.MonkeyPatch) -> Fund:
    """A fund of a million with 4 % of cash, in place of a node."""
    made = Fund(situation(40_000))
    monkeypatch.setattr(queries, "situation_now", made.read)
    return made


def admins(count: int = 3) -> list[Person]:
    """People who may vote on plans."""
    return [person("ADMIN") for _ in range(count)]


def decide(
    who: Person, ticket: Ticket, decision: str = "APPROVE", reason: str = "", *, at: datetime = NOON
) -> Ticket:
    """Sign and cast a vote."""
    return helpers.decide(who, ticket, decision, reason, at=at)


@transaction.atomic
def planned(
    *actions: Action, trigger: str = "LIQUIDITY", actor: Actor = CLOCK, at: datetime = NOON
) -> Plan:
    """A plan of these actions, as it is made."""
    before = situation()
    return making.make_plan(
        situation=before,
        blueprint=blueprint(actions, before),
        parameters=Parameters(),
        policy_version=1,
        trigger=trigger,
        reason="a test",
        actor=actor,
        at=at,
    )


def ticket_of(plan: Plan) -> Ticket:
    return Ticket.objects.get(pk=plan.ticket_id)


def risk_is(level: str, *, at: datetime = NOON) -> None:
    """What the app that judges risk wrote down."""
    fund.set_risk_state(level=level, readings={}, as_of=at, at=at)
