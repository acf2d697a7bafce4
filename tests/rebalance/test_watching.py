"""What the clock looks at: our own rows first, a node only when they say that something is off."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from apps.chain.client import ChainUnavailable
from apps.chain.contracts.fund_state import LiquidityBreakdown
from apps.chain.terms import Tier
from apps.fund import operations as fund
from apps.fund.models import Asset, SnapshotKind
from apps.rebalance import queries, tasks
from apps.rebalance.models import TriggerEvent
from apps.rebalance.operations import watching
from tests.fund.states import asset, state
from tests.rebalance import running
from tests.rebalance.helpers import Fund, admins
from tests.rebalance.running import CHAIN, CPCS, MTMM, NGTR, NOON, USDT, holding, situation
from tests.redemptions.helpers import apply, requested

pytestmark = pytest.mark.django_db

BALANCED = situation(
    100_000, holdings=(holding(MTMM, 300_000), holding(CPCS, 300_000), holding(NGTR, 300_000))
)


def overview(l1: int = 100_000, *, at: datetime = NOON) -> None:
    """The newest snapshot: so much in L1 of a million."""
    fund.take_snapshot(
        kind=SnapshotKind.LIVE,
        chain_id=CHAIN,
        slot=at,
        state=state(
            number=int(at.timestamp()),
            at=at,
            layer1_liquidity=l1 * USDT,
            layer3_value=(700_000 - l1) * USDT,
            breakdown=LiquidityBreakdown(l1 * USDT, 0, 300_000 * USDT, (700_000 - l1) * USDT),
        ),
        at=at,
    )


def events() -> list[tuple[str, str]]:
    return [(row.kind, row.outcome) for row in TriggerEvent.objects.order_by("id")]


class TestLiquidity:
    def test_asks_nobody_while_our_rows_say_that_all_is_well(self, fund_now: Fund) -> None:
        overview(l1=80_000)

        assert watching.watch_liquidity(chain_id=CHAIN, at=NOON) is None
        assert fund_now.read_times == 0

    def test_asks_nobody_before_the_first_snapshot(self, fund_now: Fund) -> None:
        assert watching.watch_liquidity(chain_id=CHAIN, at=NOON) is None
        assert fund_now.read_times == 0

    @pytest.mark.parametrize("l1", [79_999, 150_001])
    def test_asks_a_node_beyond_the_marks(self, fund_now: Fund, l1: int) -> None:
        overview(l1=l1)
        admins(3)

        event = watching.watch_liquidity(chain_id=CHAIN, at=NOON)

        assert event is not None
        assert (event.kind, event.outcome) == ("LIQUIDITY", "PLANNED")

    def test_asks_a_node_when_much_falls_due(self, fund_now: Fund) -> None:
        overview()
        running.final_at()
        apply(
            requested(
                requires_approval=False,
                gross_assets=321_000 * USDT,
                settles_at=NOON + timedelta(hours=71),
            )
        )
        fund_now.stands = BALANCED

        watching.watch_liquidity(chain_id=CHAIN, at=NOON)

        assert fund_now.read_times == 1

    def test_what_is_not_known_is_in_the_list_once(self, fund_now: Fund) -> None:
        overview(l1=10_000)
        fund_now.stands = queries.SituationUnknown("The contracts have no price of MTMM.")

        for minutes in (0, 1, 2):
            watching.watch_liquidity(chain_id=CHAIN, at=NOON + timedelta(minutes=minutes))

        row = TriggerEvent.objects.get()
        assert (row.kind, row.outcome, row.times) == ("LIQUIDITY", "NOTHING", 3)
        assert row.explanation == "The contracts have no price of MTMM."

    def test_the_node_knows_better(self, fund_now: Fund) -> None:
        overview(l1=10_000)
        fund_now.stands = BALANCED

        assert watching.watch_liquidity(chain_id=CHAIN, at=NOON) is None
        assert events() == []


class TestThresholds:
    def test_nothing_is_said_while_all_is_in_band(self, fund_now: Fund) -> None:
        held = [(MTMM, digit) for digit in "45"] + [(CPCS, digit) for digit in "6789"]
        fund_now.stands = situation(
            100_000,
            holdings=tuple(
                replace(holding(like, 150_000), token="0x" + digit * 40) for like, digit in held
            ),
        )

        assert watching.watch_thresholds(chain_id=CHAIN, at=NOON) == []

    def test_a_tier_and_an_asset_are_two_reasons(self, fund_now: Fund) -> None:
        admins(3)

        found = watching.watch_thresholds(chain_id=CHAIN, at=NOON)

        assert [row.kind for row in found] == ["THRESHOLD", "THRESHOLD"]
        assert [row.outcome for row in found] == ["PLANNED", "RECORDED"]


class TestCalendar:
    def test_looks_once_a_day_and_once_a_week(self, fund_now: Fund) -> None:
        fund_now.stands = BALANCED

        for hours in (0, 1, 11, 12, 24 * 7 - 12):
            watching.watch_calendar(chain_id=CHAIN, at=NOON + timedelta(hours=hours))

        reasons = list(TriggerEvent.objects.values_list("reason", "times"))
        assert sum(times for reason, times in reasons if "daily" in reason) == 3
        assert sum(times for reason, times in reasons if "weekly" in reason) == 2

    def test_what_could_not_be_looked_at_is_looked_at_later(self, fund_now: Fund) -> None:
        fund_now.stands = ChainUnavailable("no node answers")
        with pytest.raises(ChainUnavailable):
            watching.watch_calendar(chain_id=CHAIN, at=NOON)
        fund_now.stands = BALANCED

        found = watching.watch_calendar(chain_id=CHAIN, at=NOON + timedelta(hours=1))

        assert [(row.kind, row.outcome) for row in found] == [("SCHEDULED", "NOTHING")] * 2

    def test_is_put_off_while_a_price_is_unknown(self, fund_now: Fund) -> None:
        fund_now.stands = queries.SituationUnknown("The contracts have no price of MTMM.")
        first = watching.watch_calendar(chain_id=CHAIN, at=NOON)
        fund_now.stands = BALANCED

        found = watching.watch_calendar(chain_id=CHAIN, at=NOON + timedelta(hours=1))
        again = watching.watch_calendar(chain_id=CHAIN, at=NOON + timedelta(hours=2))

        assert [row.reason.endswith(", put off") for row in first] == [True, True]
        assert {row.explanation for row in first} == {"The contracts have no price of MTMM."}
        assert [row.reason.endswith(", put off") for row in found] == [False, False]
        assert again == []


class TestMarkets:
    @pytest.fixture(autouse=True)
    def final(self, fund_now: Fund) -> None:
        fund_now.stands = BALANCED
        running.final_at()

    def listed(self, **values: Any) -> None:
        """An asset of the register, and a snapshot of it."""
        Asset.objects.create(
            chain_id=CHAIN,
            contract="0x" + "b3" * 20,
            token=MTMM,
            name="Money Market",
            symbol="MTMM",
            decimals=18,
            tier=1,
            target_bps=10_000,
            listed_at=NOON,
            as_of_block=1,
            as_of_log_index=0,
        )
        fund.take_snapshot(
            kind=SnapshotKind.LIVE,
            chain_id=CHAIN,
            slot=NOON,
            state=state(
                number=100,
                at=NOON,
                assets=(asset(token=MTMM, symbol="MTMM", tier=Tier.L2, **values),),
            ),
            at=NOON,
        )

    @pytest.fixture
    def moved(self, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
        def say(change: str) -> None:
            monkeypatch.setattr(
                "apps.oracle.queries.moves", lambda **_asked: {MTMM: Decimal(change)}
            )

        return say

    def test_a_move_beyond_five_percent_is_told_once_an_hour(
        self, moved: Callable[[str], None]
    ) -> None:
        self.listed()

        for minutes, change in ((0, "0.051"), (1, "0.08"), (2, "-0.2"), (61, "0.06")):
            moved(change)
            watching.watch_markets(chain_id=CHAIN, at=NOON + timedelta(minutes=minutes))

        told = list(TriggerEvent.objects.order_by("id").values_list("kind", "reason"))
        assert [kind for kind, _ in told] == ["EVENT", "EVENT"]
        assert "MTMM by +5.10 %" in told[0][1]
        assert "MTMM by +6.00 %" in told[1][1]

    def test_a_smaller_one_is_not(self, moved: Callable[[str], None]) -> None:
        self.listed()
        moved("0.05")

        assert watching.watch_markets(chain_id=CHAIN, at=NOON) == []

    def test_a_window_that_opened_is_told_once(self, moved: Callable[[str], None]) -> None:
        self.listed(subscription_start=NOON - timedelta(minutes=1))
        moved("0")

        first = watching.watch_markets(chain_id=CHAIN, at=NOON)
        again = watching.watch_markets(chain_id=CHAIN, at=NOON + timedelta(minutes=1))

        assert [row.reason for row in first] == ["MTMM opened for purchases"]
        assert again == []

    def test_one_that_opens_later_is_not(self, moved: Callable[[str], None]) -> None:
        self.listed(subscription_start=NOON + timedelta(minutes=1))
        moved("0")

        assert watching.watch_markets(chain_id=CHAIN, at=NOON) == []


class TestTasks:
    @pytest.mark.parametrize(
        "task",
        [
            tasks.advance,
            tasks.consider_liquidity,
            tasks.consider_thresholds,
            tasks.consider_daily,
            tasks.consider_windows,
            tasks.consider_wishes,
            tasks.expire,
        ],
        ids=lambda task: str(task.name),
    )
    def test_runs_twice_over_an_empty_fund(self, task: Callable[[], None], fund_now: Fund) -> None:
        fund_now.stands = BALANCED

        task()
        task()

        assert {outcome for _, outcome in events()} <= {"NOTHING"}

    @pytest.mark.parametrize(
        "task", [tasks.consider_thresholds, tasks.consider_daily], ids=lambda task: str(task.name)
    )
    def test_a_node_that_does_not_answer_is_no_error(
        self, task: Callable[[], None], fund_now: Fund
    ) -> None:
        fund_now.stands = ChainUnavailable("no node answers")

        task()

        assert events() == []

    def test_all_of_them_are_in_the_schedule(self) -> None:
        from paimon.schedule import SCHEDULE

        scheduled = {entry["task"] for entry in SCHEDULE.values()}
        ours = {
            getattr(tasks, name).name
            for name in ("advance", "expire", *(n for n in dir(tasks) if n.startswith("consider_")))
        }
        assert ours <= scheduled
