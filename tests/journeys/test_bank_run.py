"""A run on the fund on a real node, from calm to critical and back, with everybody told of it."""

import io
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import LazySettings
from openpyxl import load_workbook
from pypdf import PdfReader

from apps.core import clock
from apps.notifications.models import Notification
from apps.rebalance.models import Plan
from apps.reports import operations as reports
from apps.risk import operations as risk
from apps.risk.models import Assessment, Incident, RiskEvent
from devnet.fund import usdt
from devstack.chat import Chat
from devstack.mail import Mail
from tests.chain_world import World
from tests.journeys.emergency_room import SYSTEM, Hands, Room, file_of

pytestmark = [pytest.mark.chain, pytest.mark.django_db(transaction=True)]

WARNED = Counter(["slack:operations", "telegram"])
ALARMED = Counter(["slack:critical", "telegram", "pagerduty"])


@pytest.fixture
def hands(monkeypatch: pytest.MonkeyPatch) -> Hands:
    made = Hands()
    monkeypatch.setattr(clock, "now", made.now)
    return made


@pytest.fixture
def read_world(hands: Hands, committed_world: World) -> World:
    """Its deployment is read before anybody is there to be told of it."""
    committed_world.finalise()
    return committed_world


@pytest.fixture
def chat(read_world: World, tmp_path: Path, settings: LazySettings) -> Iterator[Chat]:
    server = Chat(tmp_path / "chat")
    server.start()
    for name, value in server.settings.items():
        setattr(settings, name.removeprefix("PAIMON_"), value)
    yield server
    server.stop()


@pytest.fixture
def room(
    hands: Hands, read_world: World, mail_server: Mail, chat: Chat, settings: LazySettings
) -> Room:
    """Four millions, in order."""
    settings.EMAIL_BACKEND = "apps.notifications.delivery.smtp.EmailBackend"
    settings.EMAIL_PORT = mail_server.port
    made = Room(read_world, hands, mail_server, chat)
    made.found(4_000_000)
    return made


def test_from_calm_to_critical_and_back(room: Room) -> None:
    assert room.tick().level == "NORMAL"

    it_is_elevated(room)
    it_is_high(room)
    it_is_critical(room)
    people_throw_the_switches(room)
    who_does_not_answer_is_told_again(room)
    cash_is_raised(room)
    the_fund_recovers(room)
    the_incident_is_closed(room)
    room.refuse_doubles()
    its_report_tells_the_story(room)


def event(indicator: str) -> RiskEvent:
    return RiskEvent.objects.get(indicator=indicator)


def emergency_mode(room: Room) -> bool:
    return room.world.scenario.state().emergency_mode


def paused(room: Room) -> bool:
    return bool(room.world.scenario.manager.read("paused"))


# -- The way up ------------------------------------------------------------------------------


def it_is_elevated(room: Room) -> None:
    """More is asked for in a day than usual: operations are told, nobody is woken."""
    room.run.holders_ask(share_bps=350)

    assert room.tick().level == "ELEVATED"

    asked = event("daily_redemption_rate")
    assert (asked.severity, asked.status) == ("WARNING", "OPEN")
    assert room.arrived(asked, "opened:0") == WARNED


def it_is_high(room: Room) -> None:
    """L1 is drained: everybody on call is told everywhere, and the fund manager is paged."""
    room.world.scenario.drain_l1(700)

    assert room.tick().level == "HIGH"

    short = event("l1_ratio")
    assert short.severity == "CRITICAL"
    assert room.arrived(short, "opened:0") == ALARMED + Counter(room.on_call)
    told = Notification.objects.filter(kind="RISK_LEVEL", channel__in=["EMAIL", "PAGERDUTY"])
    assert set(told.values_list("address", flat=True)) == {room.fred.user.email, "pagerduty"}
    reports.request_due_liquidity(actor=SYSTEM, at=room.hands.now())
    room.make_reports()
    receivers = {one["Delivered-To"] for one in room.mails_with("paimon-liquidity")}
    assert receivers == room.on_call
    assert not Incident.objects.exists()


def it_is_critical(room: Room) -> None:
    """The contract raises the alarm: it is told when it is seen, and the protocol begins."""
    room.run.liquidity_drains()

    assert room.tick().level == "CRITICAL"

    seen = Notification.objects.filter(dedupe_key__startswith="seen:", kind="CRITICAL_LIQUIDITY")
    arrived = Counter(
        seen.filter(status="SENT").exclude(channel="IN_APP").values_list("address", flat=True)
    )
    assert arrived == ALARMED + Counter(room.on_call)
    incident = Incident.objects.get()
    assert (incident.cause, incident.phase) == ("CHAIN", "ALARM")
    assert room.arrived(event("l1_l2_ratio"), "opened:0") == ALARMED + Counter(room.on_call)


def people_throw_the_switches(room: Room) -> None:
    """Two of three administrators vote; our own transactions stop what has to stop."""
    assert not emergency_mode(room)
    assert not paused(room)

    assert len(room.vote_on("EMERGENCY_MODE")) == 2
    room.carry_out_switches()

    assert emergency_mode(room)
    assert paused(room)
    assert len(room.run.holders_ask_urgently()) == 3


# -- In the middle of it ---------------------------------------------------------------------


def who_does_not_answer_is_told_again(room: Room) -> None:
    """After half an hour and after two hours; not where somebody takes care of it."""
    answered, ignored = event("l1_ratio"), event("l1_l2_ratio")
    risk.acknowledge(
        event_id=answered.pk,
        note="I call the desks",
        actor=room.rita.actor,
        at=room.hands.now(),
    )

    room.wait(25)
    assert event("l1_l2_ratio").escalations == 0
    room.wait(10)
    assert event("l1_l2_ratio").escalations == 1
    assert room.arrived(ignored, "escalated:0:1") == ALARMED + Counter(room.on_call)
    room.wait(80)
    assert event("l1_l2_ratio").escalations == 1
    room.wait(10)
    assert event("l1_l2_ratio").escalations == 2
    critical_list = Counter(["slack:critical", "pagerduty"]) + Counter(room.on_call)
    assert room.arrived(ignored, "escalated:0:2") == critical_list
    assert event("l1_ratio").escalations == 0
    assert room.arrived(answered, "acknowledged:0") == Counter(["slack:operations"])
    assert Incident.objects.get().phase == "PEOPLE"


def cash_is_raised(room: Room) -> None:
    """The plan over the gap waits for votes; then it sells, which closes the gap."""
    plan = Plan.objects.get(status="PENDING_APPROVAL")
    gap = int(Incident.objects.get().figures["gap"]["assets"])
    assert gap > 0
    assert plan.trigger == "LIQUIDITY"

    room.vote_on("REBALANCE_LARGE")
    plan = room.floor.carry_out(plan)

    assert plan.status == "COMPLETED", plan.outcome
    room.tick()
    assert int(Incident.objects.get().figures["gap"]["assets"]) < gap // 10


# -- The way down ----------------------------------------------------------------------------


def the_fund_recovers(room: Room) -> None:
    """Markets buy, requests are paid, deposits come back; half an hour of calm, and the switches
    are let go by vote."""
    room.run.assets_are_sold()
    room.run.requests_are_paid()
    room.run.deposits_come_back(usdt(500_000))
    room.run.assets_are_sold()

    room.wait(25)
    assert Incident.objects.get().phase == "PEOPLE"
    room.wait(15)
    assert Incident.objects.get().phase == "RECOVERY"
    assert Assessment.objects.first().level == "CRITICAL"  # type: ignore[union-attr]
    assert emergency_mode(room)
    assert len(room.vote_on("EMERGENCY_MODE")) == 2
    room.carry_out_switches()

    assert not emergency_mode(room)
    assert not paused(room)
    assert [room.tick().level for _ in range(3)] == ["CRITICAL", "CRITICAL", "NORMAL"]
    assert not RiskEvent.objects.exclude(status="RESOLVED").exists()


def the_incident_is_closed(room: Room) -> None:
    """Every item is ticked, and a person writes down what was learnt."""
    incident = Incident.objects.get()
    for item in incident.checklist.all():
        risk.tick(item_id=item.pk, note="Done", actor=room.rita.actor, at=room.hands.now())
    room.hands.pass_minutes(1)

    risk.close(
        incident_id=incident.pk,
        lessons="Call the desks earlier.",
        actor=room.rita.actor,
        at=room.hands.now(),
    )

    assert Incident.objects.get().phase == "CLOSED"
    assert Assessment.objects.first().level == "NORMAL"  # type: ignore[union-attr]
    room.make_reports()


def its_report_tells_the_story(room: Room) -> None:
    """It came by itself, to those on call, and reads as it was."""
    [first, *others] = room.mails_with("paimon-incident")
    assert {one["Delivered-To"] for one in (first, *others)} == room.on_call
    pdf = PdfReader(io.BytesIO(file_of(first, ".pdf")))
    text = " ".join(" ".join(page.extract_text() for page in pdf.pages).split())
    incident = Incident.objects.get()
    plan = Plan.objects.get(status="COMPLETED")

    for sentence in (
        f"Incident {incident.pk}",
        "A contract raised the alarm. Critical liquidity alert: liquidity is 8.00 %",
        "The worst level was Critical; at the end it was Normal.",
        "5 tickets asked people to decide: 5 approved.",
        "At its largest the liquidity gap was 679,999.",
        "investors asked to redeem",
        "came in by",
        f"Plan R-{plan.pk} was to move",
        "people acknowledged 1 of them (rita)",
        "rita closed the incident at",
        "6 of 6 done",
        "Switch emergency mode on",
        "Desk of Ostrava Infrastructure Partners",
        "Call the desks earlier.",
    ):
        assert sentence in text, sentence
    assert "the redemption manager was paused" in text
    assert "emergency mode of the vault was switched on" in text
    book = load_workbook(io.BytesIO(file_of(first, ".xlsx")))
    hashes = {cell.value for cell in book["Actions - Transactions"]["F"]}
    assert {leg.tx_hash for leg in plan.legs.all()} <= hashes
    lasted = incident.closed_at - incident.opened_at  # type: ignore[operator]
    assert timedelta(hours=2) < lasted < timedelta(hours=5)
