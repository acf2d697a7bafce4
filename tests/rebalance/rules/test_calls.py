"""What an action asks of the contracts: the same from an action and from a stored leg."""

from types import SimpleNamespace

import pytest

from apps.chain.calls import PurchaseAsset, RedeemAsset
from apps.rebalance.rules.calls import call_of
from apps.rebalance.rules.figures import Aim, AimKind, Blueprint, Parameters
from apps.rebalance.rules.planning import plan
from tests.rebalance.rules.situations import simple


@pytest.fixture
def blueprint() -> Blueprint:
    found = plan(simple(300_000, 3_900_000, 5_800_000), Parameters(), Aim(kind=AimKind.TIERS))
    assert isinstance(found, Blueprint)
    return found


class TestCallOf:
    def test_says_the_same_of_an_action_and_of_a_stored_leg(self, blueprint: Blueprint) -> None:
        names = ("token", "symbol", "assets", "tokens", "assets_min", "tokens_min")

        for action in blueprint.actions:
            leg = SimpleNamespace(kind=str(action.kind), **{n: getattr(action, n) for n in names})
            assert call_of(1, leg) == call_of(1, action)

    def test_sells_exactly_the_tokens_and_buys_for_exactly_the_assets(
        self, blueprint: Blueprint
    ) -> None:
        calls = [call_of(31_337, action) for action in blueprint.actions]

        assert {type(call) for call in calls} == {RedeemAsset, PurchaseAsset}
        for call, action in zip(calls, blueprint.actions, strict=True):
            amount = action.tokens if isinstance(call, RedeemAsset) else action.assets
            assert call.args == (action.token, amount)
            assert call.moved_assets == action.assets
            assert call.chain_id == 31_337

    def test_refuses_what_is_no_trade(self) -> None:
        with pytest.raises(ValueError, match="TRANSFER"):
            call_of(1, SimpleNamespace(kind="TRANSFER"))  # type: ignore[arg-type]
