"""Which rule an amount falls under."""

import pytest

from apps.approvals import queries
from apps.approvals.models import Rule
from apps.core.units import WAD
from tests.forcing import guards_off

from .helpers import seed_rules

pytestmark = pytest.mark.django_db

KINDS = ("REBALANCE_SMALL", "REBALANCE_LARGE")


@pytest.fixture(autouse=True)
def _rules() -> None:
    seed_rules()


class TestKindByAmount:
    @pytest.mark.parametrize(
        ("amount", "kind"),
        [
            (50_000 * WAD - 1, None),
            (50_000 * WAD, "REBALANCE_SMALL"),
            (200_000 * WAD - 1, "REBALANCE_SMALL"),
            (200_000 * WAD, "REBALANCE_LARGE"),
            (2**255, "REBALANCE_LARGE"),
        ],
    )
    def test_the_highest_limit_that_is_met_decides(self, amount: int, kind: str | None) -> None:
        assert queries.kind_by_amount(KINDS, amount) == kind

    def test_more_than_is_not_at_least(self) -> None:
        kinds = ("EMERGENCY_REDEMPTION",)

        assert queries.kind_by_amount(kinds, 30_000 * WAD) is None
        assert queries.kind_by_amount(kinds, 30_000 * WAD + 1) == "EMERGENCY_REDEMPTION"

    def test_a_kind_without_a_limit_takes_any_amount(self) -> None:
        assert queries.kind_by_amount(("FEE_WITHDRAW",), 0) == "FEE_WITHDRAW"


class TestTicketThreshold:
    def test_is_the_rules_amount(self) -> None:
        assert queries.ticket_threshold("REBALANCE_SMALL") == 50_000 * WAD

    def test_is_unknown_without_an_amount_or_a_rule(self) -> None:
        with guards_off():
            Rule.objects.filter(kind="REBALANCE_SMALL").update(active=False)

        assert queries.ticket_threshold("REBALANCE_SMALL") is None
        assert queries.ticket_threshold("FEE_WITHDRAW") is None
