"""Every row that follows the chain, made again from the stored events: equal, or not at all."""

import io
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from apps.chain.events import EmergencyModeChanged
from apps.chain.models import Log, LogStatus, Reaction, Reading
from apps.core import clock
from apps.fund.models import Holder, ShareMovement
from apps.redemptions.models import Redemption
from apps.system import operations
from devnet.accounts import INVESTORS
from devnet.every_event import emit_every_v1_event
from devnet.fund import usdt
from devnet.history import seed_activity
from paimon import subscriptions
from tests.chain_world import World

pytestmark = [pytest.mark.chain, pytest.mark.django_db]


def replay(*options: str) -> str:
    """What the command prints."""
    out = io.StringIO()
    call_command("replay", *options, stdout=out, stderr=io.StringIO())
    return out.getvalue()


def nobody_asks(_done: int, _total: int) -> None:
    """Progress that nobody watches."""


def rehearse(world: World) -> operations.Rebuilt:
    return operations.rehearse(chain_id=world.config.chain_id, progress=nobody_asks, at=clock.now())


@pytest.fixture
def lived(world: World) -> World:
    """A subscription, a request and its cancellation, all applied."""
    world.scenario.subscribe(INVESTORS[0], usdt(9_000_000))
    asked = world.scenario.request_above_approval_threshold(INVESTORS[0])
    world.scenario.cancel(INVESTORS[0], asked.id)
    world.finalise()
    return world


class TestReplay:
    def test_of_every_event_gives_equal_rows(self, world: World) -> None:
        emit_every_v1_event(world.scenario)
        world.finalise()
        reactions = Reaction.objects.count()

        rebuilt = operations.replay(
            chain_id=world.config.chain_id,
            only_if_equal=False,
            progress=nobody_asks,
            at=clock.now(),
        )

        assert rebuilt.is_equal
        assert rebuilt.kept
        assert rebuilt.folded.applied == Log.objects.filter(status=LogStatus.APPLIED).count()
        assert Reaction.objects.count() == reactions

    def test_mends_a_row_that_was_tampered_with(self, lived: World) -> None:
        Holder.objects.update(balance_shares=1)
        ShareMovement.objects.filter(kind="LOCK").delete()

        printed = replay()

        held = Holder.objects.get(address=INVESTORS[0].address.lower())
        assert held.balance_shares == lived.scenario.shares_of(INVESTORS[0])
        assert "fund.holder" in printed
        assert printed.count("DIFFERS") == 2
        assert rehearse(lived).is_equal

    def test_check_undoes_a_difference(self, lived: World) -> None:
        Holder.objects.update(balance_shares=1)

        with pytest.raises(CommandError, match="differ"):
            replay("--check")

        assert Holder.objects.get().balance_shares == 1

    def test_check_of_equal_rows_passes(self, lived: World) -> None:
        assert "Kept." in replay("--check")

    def test_is_refused_while_a_listener_leads(
        self, lived: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("apps.core.locks.try_session_lock", lambda _name: False)

        with pytest.raises(CommandError, match="listener reads"):
            replay()

    def test_fails_as_a_whole(self, lived: World) -> None:
        mint = Log.objects.filter(event="Transfer").earliest("block_number", "log_index")
        Log.objects.filter(pk=mint.pk).update(status=LogStatus.UNKNOWN, topics=[])
        before = list(Holder.objects.values())

        with pytest.raises(CommandError, match="never seen to hold"):
            replay()

        assert list(Holder.objects.values()) == before


class TestRehearsal:
    def test_of_a_real_history_is_equal_and_changes_nothing(self, world: World) -> None:
        seed_activity(world.scenario)
        world.finalise()
        ids = set(Redemption.objects.values_list("pk", flat=True))
        holders = set(Holder.objects.values_list("pk", flat=True))

        rebuilt = rehearse(world)

        assert rebuilt.is_equal
        assert not rebuilt.kept
        assert {table.name for table in rebuilt.tables if table.after.rows} >= {
            "fund.holder",
            "fund.sharemovement",
            "redemptions.redemption",
            "fund.feeentry",
        }
        assert set(Redemption.objects.values_list("pk", flat=True)) == ids
        assert set(Holder.objects.values_list("pk", flat=True)) == holders

    def test_sees_a_row_that_was_tampered_with(self, lived: World) -> None:
        Redemption.objects.update(estimated_fee_assets=1)

        with pytest.raises(CommandError, match="differ"):
            replay("--dry-run")

        assert [table.name for table in rehearse(lived).tables if not table.is_equal] == [
            "redemptions.redemption"
        ]
        assert Redemption.objects.get().estimated_fee_assets == 1

    def test_goes_on_beside_a_listener(self, lived: World, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("apps.core.locks.try_session_lock", lambda _name: False)

        assert "Nothing was kept." in replay("--dry-run")


class TestWhatIsUnderstoodOnlyNow:
    def forget(self, event: str) -> Log:
        """As if our ABI had not known the event when it came."""
        row = Log.objects.get(event=event)
        Log.objects.filter(pk=row.pk).update(
            event="", args=None, key="", status=LogStatus.UNKNOWN, applied_at=None
        )
        Reaction.objects.filter(tx_hash=row.tx_hash, position=row.position).delete()
        return row

    def test_joins_in_and_nobody_hears_of_it(self, lived: World) -> None:
        lived.scenario.set_emergency_mode(True)
        lived.scenario.update_nav()
        lived.finalise()
        row = self.forget("EmergencyModeChanged")

        printed = replay()

        row.refresh_from_db()
        assert "1 understood only now" in printed
        assert (row.status, row.event) == (LogStatus.APPLIED, "EmergencyModeChanged")
        assert Reaction.objects.filter(tx_hash=row.tx_hash, position=row.position).exists()

    def test_one_that_is_refused_holds_nothing_up(
        self, lived: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        lived.scenario.set_emergency_mode(True)
        lived.scenario.update_nav()
        lived.finalise()
        row = self.forget("EmergencyModeChanged")

        def refused(_fact: EmergencyModeChanged) -> None:
            raise ValueError("not this one")

        with monkeypatch.context() as patch:
            patch.setitem(subscriptions.PROJECTIONS, EmergencyModeChanged, [refused])
            printed = replay()
        lived.scenario.update_nav()
        lived.finalise()

        row.refresh_from_db()
        assert "1 of them refused" in printed
        assert (row.status, row.error) == (LogStatus.UNDECODABLE, "ValueError: not this one")
        assert not Log.objects.filter(status=LogStatus.FINAL).exists()
        assert "1 understood only now, 0 of them refused" in replay()

    def test_is_left_to_the_dispatcher_when_it_is_the_newest(self, lived: World) -> None:
        lived.scenario.set_emergency_mode(True)
        lived.finalise()
        row = self.forget("EmergencyModeChanged")

        replay()

        row.refresh_from_db()
        assert row.status == LogStatus.FINAL
        assert not Reaction.objects.filter(tx_hash=row.tx_hash, position=row.position).exists()


class TestWhatStoodIn:
    def test_is_read_again(self, lived: World) -> None:
        asked = Redemption.objects.get()
        truth = asked.locked_nav_per_share
        values: dict[str, Any] = {"locked_nav_per_share": str(truth + 5)}
        Reading.objects.filter(tx_hash=asked.tx_hash).update(values=values, derived=True)

        replay()

        row = Redemption.objects.get()
        assert (row.locked_nav_per_share, row.locked_nav_is_derived) == (truth, False)
