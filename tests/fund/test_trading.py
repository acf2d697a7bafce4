"""Which prices stand behind a call, and what is said when one of them is not known."""

from collections.abc import Callable

import pytest

from apps.chain.events import AssetAdded, AssetRemoved
from apps.chain.terms import Tier
from apps.fund import queries
from apps.fund.queries import trading
from tests.fund.facts import CHAIN_ID, CONTROLLER, START, Logs

pytestmark = pytest.mark.django_db

CASH, FUND, LOAN, GONE = (f"0x{number:040x}" for number in (1, 2, 3, 4))


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The tokens whose prices were asked for; all of them are known."""
    found: list[list[str]] = []

    def why_not(*, chain_id: int, tokens: list[str], at: object) -> str:
        assert (chain_id, at) == (CHAIN_ID, START)
        found.append(list(tokens))
        return ""

    monkeypatch.setattr(trading.oracle, "why_not_trade", why_not)
    return found


@pytest.fixture(autouse=True)
def _register(logs: Logs, project: Callable[..., None]) -> None:
    tiers = {CASH: Tier.L1, FUND: Tier.L2, LOAN: Tier.L3, GONE: Tier.L2}
    project(
        *(
            logs.fact(
                AssetAdded,
                CONTROLLER,
                token=token,
                tier=tier,
                allocation_bps=5_000,
                name="",
                symbol="",
                decimals=18,
            )
            for token, tier in tiers.items()
        ),
        logs.fact(AssetRemoved, CONTROLLER, token=GONE),
    )


def refusal(kind: str, subject: str) -> str:
    return queries.trade_refusal(chain_id=CHAIN_ID, kind=kind, subject_id=subject, at=START)


class TestTokensBehind:
    @pytest.mark.parametrize(
        ("kind", "subject", "tokens"),
        [
            ("PURCHASE_ASSET", LOAN.upper().replace("X", "x"), [LOAN]),
            ("REDEEM_ASSET", GONE, [GONE]),
            ("ALLOCATE_TO_LAYER", "L2", [FUND]),
            ("EXECUTE_WATERFALL_LIQUIDATION", "L1", [CASH]),
            ("EXECUTE_WATERFALL_LIQUIDATION", "L2", [CASH, FUND]),
            ("EXECUTE_WATERFALL_LIQUIDATION", "L3", [CASH, FUND]),
            ("REBALANCE_BUFFER", "L1", [CASH, FUND]),
        ],
    )
    def test_are_those_the_call_trades(
        self, asked: list[list[str]], kind: str, subject: str, tokens: list[str]
    ) -> None:
        assert refusal(kind, subject) == ""
        assert asked == [tokens]

    def test_of_an_unknown_kind_nobody_knows(self, asked: list[list[str]]) -> None:
        assert "FLIP_ASSET" in refusal("FLIP_ASSET", LOAN)
        assert asked == []

    def test_a_tier_without_assets_has_nothing_to_trade(
        self, asked: list[list[str]], logs: Logs, project: Callable[..., None]
    ) -> None:
        project(logs.fact(AssetRemoved, CONTROLLER, token=LOAN))

        assert "L3" in refusal("ALLOCATE_TO_LAYER", "L3")
        assert asked == []


class TestUnknownPrice:
    def test_is_the_oracles_word(self) -> None:
        assert refusal("PURCHASE_ASSET", LOAN)  # nobody ever observed a price
