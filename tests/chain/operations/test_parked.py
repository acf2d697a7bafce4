"""Dead letters: listed, shown, and taken again where that keeps the order."""

import io
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from apps.audit.models import OperationLog
from apps.chain import operations
from apps.chain.models import Log, LogStatus, Reaction
from apps.core import clock
from apps.core.actor import Actor
from apps.core.errors import NotFound
from devnet.accounts import INVESTORS
from devnet.fund import usdt
from tests.chain_world import World

pytestmark = [pytest.mark.chain, pytest.mark.django_db]
ACTOR = Actor.system("test")


def run(*options: str) -> str:
    out = io.StringIO()
    call_command("dead_letters", *options, stdout=out, stderr=out)
    return out.getvalue()


def retry(row: Log) -> None:
    operations.retry_log(log_id=row.pk, actor=ACTOR, at=clock.now())
    row.refresh_from_db()


@pytest.fixture
def lived(world: World) -> World:
    """A subscription, then the emergency mode switched on; all applied."""
    world.scenario.subscribe(INVESTORS[0], usdt(400_000))
    world.scenario.set_emergency_mode(True)
    world.finalise()
    return world


def forget(event: str, /, **values: Any) -> Log:
    """As if the newest event of the name had come before our ABI knew it."""
    row = Log.objects.filter(event=event).latest("block_number", "log_index")
    blank = {"event": "", "args": None, "key": "", "status": LogStatus.UNKNOWN}
    Log.objects.filter(pk=row.pk).update(**{**blank, **values}, applied_at=None)
    Reaction.objects.filter(tx_hash=row.tx_hash, position=row.position).delete()
    return row


class TestRetry:
    def test_of_an_event_understood_only_now_applies_it(self, lived: World) -> None:
        row = forget("EmergencyModeChanged")

        retry(row)
        lived.read()

        row.refresh_from_db()
        assert (row.status, row.event) == (LogStatus.APPLIED, "EmergencyModeChanged")
        assert Reaction.objects.filter(tx_hash=row.tx_hash, position=row.position).exists()
        assert OperationLog.objects.filter(action="RETRY", object_id=str(row.pk)).exists()

    def test_is_refused_where_later_ones_of_the_key_are_applied(self, lived: World) -> None:
        row = forget("Transfer")

        with pytest.raises(operations.NeedsReplay, match="replay"):
            retry(row)

        row.refresh_from_db()
        assert row.status == LogStatus.UNKNOWN

    def test_is_refused_while_nobody_knows_the_event(self, lived: World) -> None:
        row = forget("EmergencyModeChanged", topics=["0x" + "77" * 32])

        with pytest.raises(operations.NotUnderstood):
            retry(row)

    def test_is_refused_for_what_is_applied_or_not_there(self, lived: World) -> None:
        row = Log.objects.filter(status=LogStatus.APPLIED).first()
        assert row is not None

        with pytest.raises(operations.NotParked):
            retry(row)
        with pytest.raises(NotFound):
            operations.retry_log(log_id=10**9, actor=ACTOR, at=clock.now())

    def test_of_a_failed_one_is_due_at_once(self, lived: World) -> None:
        row = forget("EmergencyModeChanged", status=LogStatus.FAILED)

        retry(row)

        assert row.retry_at is not None
        assert row.retry_at <= clock.now()


class TestCommand:
    def test_lists_and_shows(self, lived: World) -> None:
        row = forget(
            "EmergencyModeChanged",
            event="EmergencyModeChanged",
            status=LogStatus.UNDECODABLE,
            error="it has the wrong shape",
        )

        assert "1 events" in run("list")
        assert "wrong shape" in run("list", "--event", "EmergencyModeChanged")
        assert "0 events" in run("list", "--event", "Transfer")
        shown = run("show", str(row.pk))
        assert row.tx_hash in shown
        assert row.data in shown

    def test_retries_all_and_says_what_it_could_not(self, lived: World) -> None:
        good, bad = forget("EmergencyModeChanged"), forget("Transfer")

        with pytest.raises(CommandError, match="1 refused"):
            run("retry", "--all")

        good.refresh_from_db()
        bad.refresh_from_db()
        assert (good.status, bad.status) == (LogStatus.FINAL, LogStatus.UNKNOWN)

    def test_retries_one(self, lived: World) -> None:
        row = forget("EmergencyModeChanged")

        assert "1 of 1" in run("retry", str(row.pk))
