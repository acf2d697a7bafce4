"""A person's way out of a halt."""

import io
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from apps.audit.models import OperationLog
from apps.chain.listener import Outcome, Overtaken
from apps.chain.models import Coverage, Cursor
from apps.core.locks import lock_key
from apps.fund.models import Holder
from devnet.accounts import INVESTORS
from devnet.fund import usdt
from tests.chain.listener.checks import assert_equal_to_the_chain, logs_stored
from tests.chain_world import CONFIRMATIONS, World

pytestmark = [pytest.mark.chain, pytest.mark.django_db]


def halted(world: World) -> int:
    """A chain that left our branch below finality; the last block that both branches hold."""
    world.scenario.subscribe(INVESTORS[0], usdt(400_000))
    world.scenario.mine(CONFIRMATIONS)
    common = world.scenario.chain.block().number
    world.scenario.request_standard(INVESTORS[0], 10 * 10**18)
    world.scenario.mine(CONFIRMATIONS + 1)
    world.read()
    world.scenario.reorg(CONFIRMATIONS + 2)
    world.scenario.subscribe(INVESTORS[1], usdt(5_000))
    assert world.read()[-1] is Outcome.HALTED
    return common


def rewind(world: World, to_block: int, *more: str) -> None:
    command = ["rewind", "--chain", str(world.config.chain_id), "--to-block", str(to_block)]
    call_command(*command, *more)


def replay(world: World, *more: str) -> None:
    call_command("replay", "--chain", str(world.config.chain_id), *more, stderr=io.StringIO())


def balances() -> dict[str, int]:
    return dict(Holder.objects.values_list("address", "balance_shares"))


@pytest.fixture
def rewound(world: World) -> World:
    """A chain that was rewound, by mistake, below a subscription that was applied."""
    before = world.scenario.chain.block().number
    world.scenario.subscribe(INVESTORS[0], usdt(400_000))
    world.finalise()
    world.lead.give_back()
    rewind(world, before, "--yes")
    assert world.lead.take()
    return world


class TestRewindBelowApplied:
    """What was applied is still in the rows, though the chain may have it no more."""

    def test_halts_until_a_replay(self, rewound: World) -> None:
        held = balances()

        outcomes = rewound.read()

        assert outcomes == [Outcome.HALTED]
        assert "manage.py replay" in Cursor.objects.get().halted_reason
        assert balances() == held

    def test_goes_on_after_one_and_counts_everything_once(self, rewound: World) -> None:
        held = balances()

        replay(rewound)
        meanwhile = balances()
        rewound.read()

        assert meanwhile == {}
        assert balances() == held
        assert_equal_to_the_chain(rewound)
        assert not Cursor.objects.get().replay_due

    @pytest.mark.parametrize("option", ["--check", "--dry-run"])
    def test_a_replay_that_is_not_kept_lifts_nothing(self, rewound: World, option: str) -> None:
        with pytest.raises(CommandError, match="differ"):
            replay(rewound, option)

        assert Cursor.objects.get().replay_due
        assert rewound.read() == [Outcome.HALTED]

    def test_another_rewind_lifts_nothing(self, rewound: World) -> None:
        rewound.lead.give_back()
        tip = Cursor.objects.get().next_block - 1

        with pytest.raises(CommandError, match="Run manage"):
            rewind(rewound, tip, "--yes")
        rewind(rewound, tip - 1, "--yes")

        assert Cursor.objects.get().replay_due
        assert Cursor.objects.get().halted_reason

    def test_a_replay_lifts_no_other_halt(self, world: World) -> None:
        halted(world)
        world.lead.give_back()

        replay(world)

        assert "was final" in Cursor.objects.get().halted_reason


class TestRewind:
    def test_lets_the_listener_read_the_other_branch(
        self, world: World, capsys: pytest.CaptureFixture[str]
    ) -> None:
        common = halted(world)
        world.lead.give_back()

        rewind(world, common, "--yes")
        cursor = Cursor.objects.get()
        replay(world)
        assert world.lead.take()
        world.read()

        assert Cursor.objects.get().halted_reason == ""
        assert cursor.next_block <= common + 1
        assert cursor.final_number is not None
        assert cursor.final_number <= common
        assert_equal_to_the_chain(world)
        [spans] = set(Coverage.objects.values_list("covered", flat=True))
        assert spans == ((world.config.start_block, Cursor.objects.get().next_block),)
        said = capsys.readouterr().out
        assert "applied already: 1 RedemptionRequested" in said
        assert f"manage.py replay --chain {world.config.chain_id}" in said
        assert OperationLog.objects.get(action="chain.rewound").level == "HIGH"

    def test_dry_run_changes_nothing(
        self, world: World, capsys: pytest.CaptureFixture[str]
    ) -> None:
        common = halted(world)
        before = (logs_stored(), Cursor.objects.values().get(), Coverage.objects.values().first())
        world.lead.give_back()

        rewind(world, common, "--dry-run")

        after = (logs_stored(), Cursor.objects.values().get(), Coverage.objects.values().first())
        assert after == before
        assert "are forgotten" in capsys.readouterr().out

    def test_asks_first(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        common = halted(world)
        world.lead.give_back()
        monkeypatch.setattr("builtins.input", lambda _: "no")

        with pytest.raises(CommandError, match="Nothing was changed"):
            rewind(world, common)

        assert Cursor.objects.get().halted_reason

    def test_refuses_while_a_listener_leads(self, world: World) -> None:
        world.read()
        world.lead.give_back()
        other = psycopg.connect(**connection_parameters(), autocommit=True)
        name = f"listener:{world.config.chain_id}"
        other.execute("SELECT pg_advisory_lock(%s)", [lock_key(name)])
        try:
            with pytest.raises(CommandError, match="stop it first"):
                rewind(world, 5, "--yes")
        finally:
            other.close()

    def test_refuses_a_block_that_is_not_below_the_tip(self, world: World) -> None:
        world.read()
        world.lead.give_back()

        with pytest.raises(CommandError, match="nothing above"):
            rewind(world, Cursor.objects.get().next_block - 1, "--yes")

    def test_to_the_newest_block_only_lifts_the_halt(self, world: World) -> None:
        halted(world)
        before = logs_stored()
        world.lead.give_back()

        rewind(world, Cursor.objects.get().next_block - 1, "--yes")

        assert Cursor.objects.get().halted_reason == ""
        assert logs_stored() == before

    def test_refuses_the_writes_of_a_former_leader(self, world: World) -> None:
        world.scenario.mine(5)
        world.read()

        rewind(world, Cursor.objects.get().next_block - 3, "--yes")

        with pytest.raises(Overtaken):
            world.lead.turn()


def connection_parameters() -> dict[str, Any]:
    parameters = connection.get_connection_params()
    names = ("dbname", "user", "password", "host", "port")
    return {name: parameters[name] for name in names if name in parameters}
