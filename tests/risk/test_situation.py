"""How the fund stands: what is not known is None with its reason, and never a guess."""

import shutil
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.chain import config
from apps.chain import queries as chain
from apps.chain.models import Cursor, Log, Transaction
from apps.core import clock
from apps.fund.models import AssetProfile, ContractSwitch, LiquidityAlert
from apps.oracle.models import Price
from apps.rebalance.models import Plan
from apps.risk import queries
from apps.risk.queries import forecasts
from apps.risk.queries.situation import situation_of
from apps.risk.rules.figures import Indicator, Situation
from apps.risk.rules.measuring import measure
from devnet.accounts import INVESTORS
from devnet.fund import usdt
from tests.chain_world import World
from tests.forcing import guards_off
from tests.fund.facts import TOKEN
from tests.fund.states import asset, state
from tests.rebalance import running
from tests.redemptions import helpers as redemptions

pytestmark = pytest.mark.django_db

CHAIN = redemptions.CHAIN
USDT = 10**18
NOON = datetime.fromisoformat("2026-03-02T12:00:00+00:00")
"""By the chain's clock; ours says something else."""
NOW = datetime.fromisoformat("2026-11-22T09:00:00+00:00")
SECOND, MINUTE, HOUR, DAY = (
    timedelta(seconds=1),
    timedelta(minutes=1),
    timedelta(hours=1),
    timedelta(days=1),
)
OTHER = "0x" + "71" * 20


def stands(**values: Any) -> Situation:
    return situation_of(state(at=NOON, **values), chain_id=CHAIN, at=NOW)


def without_node() -> Situation:
    return situation_of(None, trouble="No node answers.", chain_id=CHAIN, at=NOW)


def price(token: str = TOKEN, *, at: datetime = NOW, **values: Any) -> Price:
    return Price.objects.create(
        **{
            "chain_id": CHAIN,
            "token": token,
            "at": at,
            "block_number": 100,
            "block_hash": "0x" + "aa" * 32,
            "price": 12 * 10**17,
            "reason": "",
            "sources_used": 2,
            "oldest_at": at - MINUTE,
            **values,
        }
    )


def lost(token: str = TOKEN, *, at: datetime = NOW) -> Price:
    return price(
        token, at=at, price=None, oldest_at=None, reason="Two sources disagree.", sources_used=0
    )


class TestAmounts:
    def test_are_what_the_contracts_say(self) -> None:
        found = stands()

        assert (found.block_number, found.block_at, found.at) == (100, NOON, NOW)
        assert (found.l1_assets, found.l2_assets, found.l3_assets) == (
            100_000 * USDT,
            300_000 * USDT,
            600_000 * USDT,
        )
        assert found.gross_assets == 1_000_000 * USDT
        assert (found.liability_assets, found.available_assets) == (40_000 * USDT, 400_000 * USDT)
        assert (found.total_supply, found.emergency_mode) == (1_000_000 * USDT, False)

    def test_take_l1_and_l2_where_the_vault_does_not_tell_what_is_available(self) -> None:
        assert stands(available_liquidity=None).available_assets == 400_000 * USDT

    def test_are_unknown_without_a_node(self) -> None:
        found = without_node()

        for name in ("gross_assets", "l1_assets", "l2_assets", "liability_assets", "assets"):
            assert getattr(found, name) is None
            assert found.missing[name] == "No node answers."
        assert found.emergency_mode is None

    def test_reasons_of_others_are_made_safe_to_show(self) -> None:
        found = situation_of(None, trouble="bad\x00\u202eline\n" * 90, chain_id=CHAIN, at=NOW)

        assert "\x00" not in found.missing["l1_assets"]
        assert len(found.missing["l1_assets"]) <= 250

    @pytest.mark.parametrize(("is_on", "expected"), [(True, True), (False, None)])
    def test_emergency_mode_that_was_switched_on_is_on_until_somebody_knows_better(
        self, is_on: bool, expected: bool | None
    ) -> None:
        for number, position in enumerate((not is_on, is_on)):
            ContractSwitch.objects.create(
                chain_id=CHAIN,
                contract="0x" + "b1" * 20,
                contract_kind="vault",
                name="EMERGENCY_MODE",
                is_on=position,
                tx_hash=f"0x{number:064x}",
                position=0,
                block_number=number,
                log_index=0,
                at=NOON,
            )

        assert without_node().emergency_mode is expected


class TestAssets:
    def test_have_their_issuer_and_both_prices(self) -> None:
        price(price=11 * 10**17)
        AssetProfile.objects.all()._raw_delete("default")
        with guards_off():
            AssetProfile.objects.create(chain_id=CHAIN, token=TOKEN, issuer="Acme", changed_at=NOON)

        (mmf,) = stands().assets or ()

        assert (mmf.symbol, mmf.issuer, mmf.value, mmf.tier) == ("MMF", "Acme", 300_000 * USDT, 1)
        assert (mmf.traded_price, mmf.median) == (12 * 10**17, 11 * 10**17)

    def test_without_terms_have_no_issuer(self) -> None:
        (mmf,) = stands().assets or ()

        assert mmf.issuer == ""

    @pytest.mark.parametrize(
        ("balance", "active", "counts"),
        [(1, True, True), (1, False, True), (0, True, True), (0, False, False)],
    )
    def test_are_those_held_or_for_sale(self, balance: int, active: bool, counts: bool) -> None:
        found = stands(assets=(asset(balance=balance, active=active),)).assets

        assert found is not None
        assert bool(found) is counts

    def test_held_without_a_price_have_no_value(self) -> None:
        (mmf,) = stands(assets=(asset(price=None, value_assets=None),)).assets or ()

        assert (mmf.value, mmf.value_unknown, mmf.traded_price) == (0, True, None)

    def test_not_held_need_no_value(self) -> None:
        (mmf,) = stands(assets=(asset(balance=0, price=None, value_assets=None),)).assets or ()

        assert not mmf.value_unknown

    def test_are_unknown_while_a_balance_is(self) -> None:
        found = stands(assets=(asset(balance=None),))

        assert found.assets is None
        assert found.oldest_price_seconds is None
        assert "How much the fund holds" in found.missing["assets"]

    def test_say_why_their_price_is_unknown(self) -> None:
        lost()

        (mmf,) = stands().assets or ()

        assert (mmf.median, mmf.price_unknown) == (None, "Two sources disagree.")

    def test_names_of_strangers_are_made_safe_to_show(self) -> None:
        (mmf,) = stands(assets=(asset(symbol="M\x00\u202e" + "x" * 90),)).assets or ()

        assert "\x00" not in mmf.symbol
        assert len(mmf.symbol) <= 64


class TestPriceAge:
    def test_is_of_the_oldest_figure_in_use(self) -> None:
        price(oldest_at=NOW - 2 * HOUR)
        price(OTHER, oldest_at=NOW - 3 * HOUR)

        found = stands(assets=(asset(), asset(token=OTHER)))

        assert found.oldest_price_seconds == 3 * 3_600

    def test_of_a_price_that_was_lost_goes_on(self) -> None:
        price(at=NOW - 5 * HOUR)
        lost()

        assert stands().oldest_price_seconds == 5 * 3_600 + 60

    def test_leaves_out_what_is_neither_held_nor_sold(self) -> None:
        price()
        price(OTHER, oldest_at=NOW - 9 * HOUR)

        found = stands(assets=(asset(), asset(token=OTHER, balance=0, active=False)))

        assert found.oldest_price_seconds == 60

    def test_is_unknown_where_no_price_was_ever_known(self) -> None:
        lost()

        found = stands()

        assert found.oldest_price_seconds is None
        assert found.missing["oldest_price_seconds"].startswith("No price was ever known of")

    def test_is_nothing_without_assets(self) -> None:
        assert stands(assets=()).oldest_price_seconds == 0


class TestRequests:
    def asked(self, number: int, *, ago: timedelta, **changes: Any) -> None:
        redemptions.apply(
            redemptions.requested(number, at=NOON - ago, requires_approval=False, **changes)
        )

    def test_of_a_day_end_at_the_block(self) -> None:
        self.asked(1, ago=timedelta(0))
        self.asked(2, ago=DAY - SECOND)
        self.asked(3, ago=DAY)
        self.asked(4, ago=-SECOND)

        assert stands().requested_24h_assets == 2 * 120_000 * USDT

    def test_count_whatever_became_of_them(self) -> None:
        redemptions.apply(redemptions.requested(1, at=NOON), redemptions.cancelled(1))

        assert stands().requested_24h_assets == 120_000 * USDT

    def test_of_two_weeks_are_counted_apart(self) -> None:
        for number, days in enumerate((0, 6, 7, 13, 14), 1):
            self.asked(number, ago=days * DAY)

        found = stands()

        assert (found.requests_7d, found.requests_7d_before) == (2, 2)

    def test_that_wait_for_approval_are_added_up(self) -> None:
        redemptions.apply(redemptions.requested(1), redemptions.requested(2))
        redemptions.apply(redemptions.requested(3), redemptions.approved(3))
        self.asked(4, ago=HOUR)

        assert stands().pending_approval_assets == 2 * 120_000 * USDT

    def test_of_another_chain_are_another_funds(self) -> None:
        self.asked(1, ago=HOUR)

        found = situation_of(state(at=NOON), chain_id=CHAIN + 1, at=NOW)

        assert (found.requested_24h_assets, found.requests_7d) == (0, 0)

    def test_are_unknown_without_a_block_to_count_up_to(self) -> None:
        found = without_node()

        assert found.requested_24h_assets is None
        assert found.requests_7d is None


class TestNavs:
    def test_begin_with_what_was_in_force_and_end_with_the_contracts(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked = {}

        def navs(start: datetime, end: datetime) -> list[int]:
            asked["of"] = (start, end)
            return [7, 8]

        monkeypatch.setattr("apps.fund.queries.navs_between", navs)

        assert stands().navs_24h == (7, 8, 105 * 10**16)
        assert asked["of"] == (NOON - DAY, NOON)


class TestForecast:
    def forecast(self, monkeypatch: pytest.MonkeyPatch, *, age: timedelta) -> None:
        class Made:
            made_at = NOW - age
            net_assets = -50_000 * USDT
            available_assets = 420_000 * USDT

        monkeypatch.setattr(forecasts, "latest", lambda _horizon: Made)

    def test_gives_the_net_outflow_and_what_will_be_available(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.forecast(monkeypatch, age=2 * HOUR)

        found = stands()

        assert (found.predicted_outflow_7d, found.available_7d) == (50_000 * USDT, 420_000 * USDT)

    def test_is_unknown_when_it_is_old(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.forecast(monkeypatch, age=2 * HOUR + SECOND)

        found = stands()

        assert found.predicted_outflow_7d is None
        assert "is from 2026-11-22 06:59 UTC" in found.missing["predicted_outflow_7d"]

    def test_is_unknown_before_the_first(self) -> None:
        assert stands().missing["available_7d"] == "There is no forecast of 7 days yet."


class TestTransactions:
    def ended(self, *statuses: str, ago: timedelta = HOUR) -> None:
        first = Transaction.objects.count()
        with guards_off():
            for number, status in enumerate(statuses, first):
                Transaction.objects.create(
                    chain_id=CHAIN,
                    key=f"k{number}",
                    kind="SETTLE_REDEMPTION",
                    subject_id=str(number),
                    sentence="Settle",
                    to="0x" + "ab" * 20,
                    calldata="0x",
                    call_hash="0x" + "00" * 32,
                    expects={},
                    requested_by="test",
                    status=status,
                    created_at=NOW - DAY,
                    finished_at=NOW - ago + number * SECOND,
                )

    def test_that_reached_the_chain_are_counted(self) -> None:
        self.ended("FINAL", "REVERTED", "MISMATCH", "FINAL", "FAILED", "CANCELLED", "EXPIRED")

        found = stands()

        assert (found.sent_24h, found.failed_24h, found.failed_in_a_row) == (4, 2, 0)

    @pytest.mark.parametrize(
        ("statuses", "expected"),
        [
            ((), 0),
            (("REVERTED", "REVERTED", "REVERTED"), 3),
            (("FINAL", "REVERTED", "MISMATCH"), 2),
            (("REVERTED", "REVERTED", "FINAL"), 0),
            (("REVERTED", "FAILED", "CANCELLED", "REVERTED"), 2),
        ],
    )
    def test_that_failed_in_a_row_are_the_newest(
        self, statuses: tuple[str, ...], expected: int
    ) -> None:
        self.ended(*statuses)

        assert stands().failed_in_a_row == expected

    def test_of_yesterday_are_over(self) -> None:
        self.ended("REVERTED", "REVERTED", "REVERTED", ago=DAY + HOUR)

        assert (stands().sent_24h, stands().failed_in_a_row) == (0, 0)

    def test_count_though_the_clock_was_put_back(self) -> None:
        self.ended("REVERTED", ago=-HOUR)

        assert stands().failed_in_a_row == 1


class TestLag:
    def polled(self, ago: timedelta = 2 * SECOND, **changes: Any) -> None:
        Cursor.objects.create(chain_id=CHAIN, next_block=1_000, polled_at=NOW - ago, **changes)

    def test_is_how_long_events_take(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.polled()

        assert stands().event_lag_seconds == 2

    def test_grows_while_nobody_reads(self) -> None:
        self.polled(ago=5 * MINUTE)

        assert stands().event_lag_seconds == 300

    def test_is_unknown_while_reading_is_halted(self) -> None:
        self.polled(halted_reason="A fork below what was final.")

        found = stands()

        assert found.event_lag_seconds is None
        assert "A fork below" in found.missing["event_lag_seconds"]

    def test_is_unknown_before_the_first_look(self) -> None:
        assert stands().event_lag_seconds is None


class TestPlan:
    def test_that_is_approved_waits_since_then(self) -> None:
        running.approved(running.sell(1, running.MTMM, 2_000), at=NOW - 6 * MINUTE)

        assert stands().approved_plan_seconds == 360

    def test_that_has_begun_waits_no_more(self) -> None:
        running.executing(running.sell(1, running.MTMM, 2_000), at=NOW - 6 * MINUTE)

        assert stands().approved_plan_seconds == 0

    def test_that_nobody_made_does_not_wait(self) -> None:
        assert not Plan.objects.exists()
        assert stands().approved_plan_seconds == 0


class TestAlert:
    """L1 + L2 are 40 % of the fund; the alert was raised below 50 %."""

    def raised(
        self,
        *,
        ago: timedelta = MINUTE,
        applied_ago: timedelta | None = MINUTE,
        level: str = "CRITICAL",
        threshold_bps: int = 5_000,
        serial: int = 1,
    ) -> None:
        tx_hash = f"0x{serial:064x}"
        LiquidityAlert.objects.create(
            chain_id=CHAIN,
            contract=redemptions.MANAGER,
            tx_hash=tx_hash,
            position=0,
            block_number=90 + serial,
            log_index=0,
            at=NOON - ago,
            level=level,
            ratio_bps=800,
            threshold_bps=threshold_bps,
            available_assets=1,
        )
        applied = applied_ago is not None
        Log.objects.create(
            chain_id=CHAIN,
            block_number=90 + serial,
            block_hash="0x" + "aa" * 32,
            block_at=NOON - ago,
            tx_hash=tx_hash,
            tx_index=0,
            log_index=serial,
            position=0,
            address=redemptions.MANAGER,
            contract_kind="redemption_manager",
            topics=[],
            data="0x",
            event="CriticalLiquidityAlert",
            status="APPLIED" if applied else "FINAL",
            seen_at=NOW - (applied_ago or MINUTE),
            applied_at=NOW - applied_ago if applied_ago is not None else None,
        )

    def test_counts_from_when_it_was_applied(self) -> None:
        self.raised()

        assert stands().critical_alert_at == NOW - MINUTE

    def test_of_a_milder_kind_does_not(self) -> None:
        self.raised(level="LOW")

        assert stands().critical_alert_at is None

    @pytest.mark.parametrize(
        ("applied_ago", "counts"), [(HOUR - SECOND, True), (HOUR, False), (DAY, False)]
    )
    def test_counts_for_an_hour_by_our_clock(self, applied_ago: timedelta, counts: bool) -> None:
        self.raised(applied_ago=applied_ago)

        assert (stands().critical_alert_at is not None) is counts

    @pytest.mark.parametrize(("ago", "counts"), [(HOUR, True), (HOUR + SECOND, False)])
    def test_of_history_that_is_caught_up_with_alarms_nobody(
        self, ago: timedelta, counts: bool
    ) -> None:
        self.raised(ago=ago)

        assert (stands().critical_alert_at is not None) is counts

    @pytest.mark.parametrize(("threshold_bps", "counts"), [(4_000, True), (3_999, False)])
    def test_is_over_when_liquidity_is_above_its_threshold(
        self, threshold_bps: int, counts: bool
    ) -> None:
        self.raised(threshold_bps=threshold_bps)

        assert (stands().critical_alert_at is not None) is counts

    def test_the_newest_one_decides(self) -> None:
        self.raised(serial=1, ago=2 * MINUTE, applied_ago=2 * MINUTE)
        self.raised(serial=2, threshold_bps=1_000)

        assert stands().critical_alert_at is None

    def test_that_is_not_applied_yet_does_not_count(self) -> None:
        self.raised(applied_ago=None)

        assert stands().critical_alert_at is None

    def test_counts_though_no_node_answers(self) -> None:
        self.raised()
        redemptions.final_at(NOON)

        assert without_node().critical_alert_at == NOW - MINUTE


@pytest.mark.django_db(transaction=True)
class TestOneLook:
    def test_reads_all_rows_as_of_one_moment_and_writes_none(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        inside = []

        def read() -> Any:
            inside.append(connection.in_atomic_block)
            return state(at=NOON)

        monkeypatch.setattr(chain, "read_fund_state", read)

        with CaptureQueriesContext(connection) as ran:
            queries.situation_now(at=NOW)

        statements = [query["sql"] for query in ran]
        assert inside == [False]
        assert statements[0].startswith("BEGIN")
        assert "REPEATABLE READ READ ONLY" in statements[1]
        assert statements[-1].startswith("COMMIT")


@pytest.mark.chain
class TestOnChain:
    def test_a_fund_of_a_million_is_read_whole(self, world: World) -> None:
        world.scenario.subscribe(INVESTORS[0], usdt(1_000_000))
        world.finalise()
        fund = world.scenario.state()

        found = queries.situation_now(at=clock.now())

        assert (found.l1_assets, found.l2_assets, found.l3_assets) == (
            fund.layer1,
            fund.layer2,
            fund.layer3,
        )
        assert found.liability_assets == fund.liability
        assert found.emergency_mode is False
        assert found.event_lag_seconds is not None
        known = {one.indicator for one in measure(found) if not one.unknown}
        assert {Indicator.L1_RATIO, Indicator.REDEMPTION_COVERAGE, Indicator.EVENT_LAG} <= known

    def test_a_dead_node_leaves_its_figures_unknown(
        self, world: World, tmp_path: Path, settings: LazySettings
    ) -> None:
        world.finalise()
        folder = tmp_path / "nobody"
        shutil.copytree(Path(settings.CHAIN_FILE).parent, folder)
        nobody = folder / Path(settings.CHAIN_FILE).name
        text = nobody.read_text()
        nobody.write_text(text.replace(world.node.url, "http://127.0.0.1:1"))
        settings.CHAIN_FILE = str(nobody)
        config.reload()

        found = queries.situation_now(at=clock.now())

        assert found.block_number is None
        assert found.gross_assets is None
        assert found.missing["gross_assets"].startswith("The contracts cannot be read: ")
        assert found.event_lag_seconds is not None
