"""Who has to approve a plan: by its amount, and by what its trades move with those of the day."""

import pytest

from apps.approvals.models import Rule
from apps.chain import queries as chain
from apps.rebalance import queries
from apps.rebalance.rules.calls import call_of
from tests.forcing import guards_off

from .running import CHAIN, CPCS, MTMM, NOON, USDT, buy, sell

pytestmark = pytest.mark.django_db


def needed(amount: int, sold: int, bought: int) -> queries.NeededApproval:
    calls = [call_of(CHAIN, sell(1, MTMM, sold)), call_of(CHAIN, buy(2, CPCS, bought))]
    return queries.approval_of(chain_id=CHAIN, amount_assets=amount * USDT, calls=calls, at=NOON)


class TestKind:
    @pytest.mark.parametrize(
        ("amount", "kind"),
        [
            (49_999, None),
            (50_000, "REBALANCE_SMALL"),
            (199_999, "REBALANCE_SMALL"),
            (200_000, "REBALANCE_LARGE"),
        ],
    )
    def test_follows_the_amount(self, amount: int, kind: str | None) -> None:
        assert needed(amount, 1_000, 1_000).kind == kind

    def test_counts_sales_and_purchases_as_the_sender_does(self) -> None:
        assert needed(25_000, 25_000, 24_999).kind is None

        found = needed(25_000, 25_000, 25_000)

        assert found.kind == "REBALANCE_SMALL"
        assert "together at least 50,000.00 USDT" in found.why

    def test_counts_trades_of_the_day_without_a_ticket(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(chain, "moved_without_ticket", lambda **_asked: 30_000 * USDT)

        assert needed(10_000, 10_000, 9_999).kind is None
        assert needed(10_000, 10_000, 10_000).kind == "REBALANCE_SMALL"

    def test_without_a_rule_people_are_always_asked(self) -> None:
        with guards_off():
            Rule.objects.filter(kind__startswith="REBALANCE").update(active=False)

        assert needed(1, 1, 1).needed
