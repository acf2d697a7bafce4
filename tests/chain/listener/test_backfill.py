"""Past blocks: of contracts added later, and read again by hand."""

from dataclasses import replace

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from apps.chain.client import Client
from apps.chain.config import ChainConfig
from apps.chain.leading import ListenerLead
from apps.chain.listener import backfill, ingest
from apps.chain.listener.backfill import Backfill, OtherBranch
from apps.chain.listener.coverage import Hole
from apps.chain.models import Block, Coverage, Cursor, Finding, Log, LogStatus
from apps.core import clock
from devnet.accounts import INVESTORS
from devnet.fund import usdt
from tests.chain.listener.checks import assert_equal_to_the_chain, logs_on_chain, logs_stored
from tests.chain_world import CONFIRMATIONS, World
from tests.faults.proxy import FaultyNode
from tests.faults.troubles import CapLogs, Drop, OmitLogs

pytestmark = [pytest.mark.chain, pytest.mark.django_db]


def without(config: ChainConfig, *kinds: str) -> ChainConfig:
    """The chain as it was configured before these contracts were added."""
    kept = tuple(contract for contract in config.contracts if contract.kind not in kinds)
    return replace(config, contracts=kept)


def leader(config: ChainConfig) -> ListenerLead:
    lead = ListenerLead(config, clock.now)
    assert lead.take()
    return lead


def read(lead: ListenerLead) -> None:
    while lead._listener is not None and lead._listener.tick().behind:
        pass


def live(world: World) -> None:
    for investor in INVESTORS[:3]:
        world.scenario.subscribe(investor, usdt(10_000))
        world.scenario.request_standard(investor, 10 * 10**18)
    world.scenario.mine(CONFIRMATIONS + 1)


def covered() -> dict[str, tuple[tuple[int, int], ...]]:
    return dict(Coverage.objects.values_list("kind", "covered"))


class TestCoverage:
    def test_grows_with_the_cursor(self, world: World) -> None:
        live(world)

        world.read()

        whole = ((world.config.start_block, Cursor.objects.get().next_block),)
        assert covered() == dict.fromkeys(
            ["vault", "redemption_manager", "asset_controller"], whole
        )

    def test_of_a_contract_added_later_starts_where_it_is_first_read(self, world: World) -> None:
        live(world)
        read(leader(without(world.config, "vault")))
        added_at = Cursor.objects.get().next_block
        world.scenario.mine(3)

        read(leader(world.config))

        assert covered()["vault"] == ((added_at, added_at + 3),)


class TestStep:
    def test_a_contract_added_later_gets_its_past(self, world: World) -> None:
        live(world)
        read(leader(without(world.config, "vault")))
        assert not Log.objects.filter(contract_kind="vault").exists()

        lead = leader(world.config)
        while lead.turn().behind:
            pass

        assert_equal_to_the_chain(world)
        final = Cursor.objects.get().final_number
        assert final is not None
        assert covered()["vault"][0][1] > final
        assert not Log.objects.filter(status=LogStatus.FINAL).exists()

    def test_an_earlier_first_block_is_read_too(self, world: World) -> None:
        live(world)
        vault = world.config.contract("vault")
        late = replace(vault, start_block=world.scenario.chain.block().number - 20)
        Cursor.objects.update(next_block=late.start_block)
        read(leader(replace(world.config, contracts=(late,))))
        before = Log.objects.count()

        lead = leader(replace(world.config, contracts=(vault,)))
        while lead._backfill.step():
            pass

        assert Log.objects.count() > before
        theirs = {log for log in logs_on_chain(world) if log[3] == vault.address}
        assert logs_stored() == theirs

    def test_a_chunk_is_all_or_nothing(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        live(world)
        read(leader(without(world.config, "vault")))
        ingest.cursor_for(world.config)

        def killed(*_args: object) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr("apps.chain.listener.coverage.extend", killed)
            with pytest.raises(KeyboardInterrupt):
                Backfill(world.config, world.lead.client, clock.now).step()
        meanwhile = Log.objects.filter(contract_kind="vault").count()
        while Backfill(world.config, world.lead.client, clock.now).step():
            pass

        assert meanwhile == 0
        final = Cursor.objects.get().final_number
        stored = Log.objects.filter(contract_kind="vault").order_by("-block_number")
        assert stored.exists()
        assert final is not None
        assert Log.objects.filter(status=LogStatus.SEEN, block_number__lte=final).count() == 0

    def test_goes_on_with_as_many_blocks_as_the_node_gives(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(backfill, "CHUNK_BLOCKS_MAX", 40)
        live(world)
        read(leader(without(world.config, "vault")))
        ingest.cursor_for(world.config)
        with FaultyNode(world.node.url) as node:
            config = replace(world.config, rpc_urls=(node.url,))
            node.add(CapLogs(9))
            steps = 0

            while Backfill(config, Client(config), clock.now).step():
                steps += 1

        read(leader(world.config))
        assert steps > 3
        assert_equal_to_the_chain(world)

    def test_trouble_with_nodes_waits(self, world: World) -> None:
        live(world)
        read(leader(without(world.config, "vault")))
        ingest.cursor_for(world.config)
        with FaultyNode(world.node.url) as node:
            config = replace(world.config, rpc_urls=(node.url,))
            node.add(Drop())

            more = Backfill(config, Client(config), clock.now).step()

        assert not more
        assert covered()["vault"] == ()

    def test_places_follow_those_known_before(self, world: World) -> None:
        """One transaction's logs of two contracts, the first of which is watched only later."""
        live(world)
        read(leader(without(world.config, "vault")))
        before = set(Log.objects.values_list("tx_hash", "log_index", "position"))
        mixed = {tx_hash for tx_hash, *_ in before}

        lead = leader(world.config)
        while lead._backfill.step():
            pass

        rows = Log.objects.filter(tx_hash__in=mixed, contract_kind="vault")
        assert rows.exists()
        assert before <= set(Log.objects.values_list("tx_hash", "log_index", "position"))
        assert Log.objects.values("tx_hash", "position").distinct().count() == Log.objects.count()


class TestBranch:
    """Past blocks are read beside others who may change what is past."""

    def test_what_was_read_before_a_rewind_is_not_written_after_it(self, world: World) -> None:
        live(world)
        read(leader(without(world.config, "vault")))
        ingest.cursor_for(world.config)
        cursor = Cursor.objects.get()
        world.scenario.mine(3)
        read(leader(without(world.config, "vault")))
        other = "0x" + "ee" * 32

        Block.objects.filter(hash=cursor.final_hash).update(hash=other)
        with pytest.raises(OtherBranch, match="final no more"):
            ingest.add_past(
                world.config,
                on=cursor.final_hash,
                headers=[],
                logs=[],
                at=clock.now(),
                fills=Hole((0, 5), (world.config.contract("vault").address,)),
            )

        assert covered()["vault"] == ()


class TestCommand:
    def test_stores_what_is_missing_and_says_so(
        self, world: World, capsys: pytest.CaptureFixture[str]
    ) -> None:
        live(world)
        world.read()
        Log.objects.filter(event="DepositProcessed").delete()
        final = Cursor.objects.get().final_number

        call_command("backfill", "--from", "0", "--to", str(final), "--dry-run")
        dry = Log.objects.filter(event="DepositProcessed").count()
        call_command("backfill", "--from", "0", "--to", str(final))

        said = capsys.readouterr().out
        assert dry == 0
        assert "missing events would be stored" in said
        assert "missing events stored" in said
        assert set(Finding.objects.values_list("outcome", flat=True)) == {
            "stored, to be applied after later events of its record: a replay puts them in order"
        }
        assert_equal_to_the_chain(world)

    def test_one_that_no_later_event_waited_for_is_applied_in_its_turn(self, world: World) -> None:
        live(world)
        world.read()
        newest = Log.objects.filter(event="RedemptionRequested").latest("block_number")
        Log.objects.filter(key=newest.key).delete()

        call_command("backfill", "--from", "0", "--to", str(Cursor.objects.get().final_number))

        assert Finding.objects.get().outcome == "stored, to be applied in its turn"

    def test_takes_back_what_was_orphaned_and_left_out_when_it_was_read_again(
        self, world: World
    ) -> None:
        """After a rewind, a node may leave out what it gave before."""
        live(world)
        world.read()
        Log.objects.filter(event="RedemptionRequested").update(status=LogStatus.ORPHANED)

        call_command("backfill", "--from", "0", "--to", str(Cursor.objects.get().final_number))

        assert_equal_to_the_chain(world)
        assert Finding.objects.count() == 3

    def test_what_was_never_read_for_a_contract_is_not_missing(self, world: World) -> None:
        """The back-fill gives it to a contract added later; no comparison may call that a loss."""
        live(world)
        read(leader(without(world.config, "vault")))
        ingest.cursor_for(world.config)

        call_command("backfill", "--from", "0", "--to", str(Cursor.objects.get().final_number))

        assert not Finding.objects.exists()

    def test_prefers_the_node_that_the_listener_does_not_use(self, world: World) -> None:
        live(world)
        world.read()
        Log.objects.filter(event="DepositProcessed").delete()
        with FaultyNode(world.node.url) as liar:
            config = replace(world.config, rpc_urls=(liar.url, world.node.url))
            liar.add(OmitLogs())
            final = Cursor.objects.get().final_number
            assert final is not None

            chunks = list(
                backfill.read_again(
                    config, Client(config), first=0, last=final, dry_run=False, clock=clock.now
                )
            )

        assert sum(len(chunk.comparison.missing) for chunk in chunks) > 0
        assert_equal_to_the_chain(world)

    def test_refuses_blocks_that_are_not_final(self, world: World) -> None:
        live(world)
        world.read()
        head = Cursor.objects.get().next_block - 1

        with pytest.raises(CommandError, match="is final"):
            call_command("backfill", "--from", "0", "--to", str(head))

    @pytest.mark.parametrize("span", [("5", "4"), ("-1", "4")])
    def test_refuses_a_range_that_is_none(self, world: World, span: tuple[str, str]) -> None:
        with pytest.raises(CommandError, match="above --to"):
            call_command("backfill", f"--from={span[0]}", f"--to={span[1]}")


def test_the_update_of_coverage_is_one_statement(world: World) -> None:
    """Coverage goes with every tick, so it must cost next to nothing."""
    world.read()
    world.scenario.mine(1)
    connection.force_debug_cursor = True
    connection.queries_log.clear()
    try:
        assert world.lead._listener is not None
        world.lead._listener.tick()
    finally:
        connection.force_debug_cursor = False

    updates = [query for query in connection.queries if "chain_coverage" in query["sql"]]
    assert len(updates) == 1
