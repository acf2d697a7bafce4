"""Figures as JSON and back: nothing is lost, and nothing strange is taken."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.chain.terms import Tier
from apps.core.units import UINT256_MAX
from apps.rebalance.rules import frozen
from apps.rebalance.rules.figures import Aim, AimKind, Blackout, Blueprint, Parameters
from apps.rebalance.rules.planning import plan
from tests.rebalance.rules.situations import USDT, generated, simple

AIMS = st.builds(
    Aim,
    kind=st.sampled_from(AimKind),
    raise_assets=st.integers(0, UINT256_MAX),
    target_bps=st.dictionaries(st.sampled_from(Tier), st.integers(0, 10_000)),
    undo=st.dictionaries(st.text(max_size=42), st.integers(-UINT256_MAX, UINT256_MAX)),
)
PARAMETERS = st.builds(
    Parameters,
    plan_assets_min=st.integers(0, UINT256_MAX),
    blackouts=st.lists(
        st.builds(
            Blackout,
            weekdays=st.lists(st.integers(0, 6)).map(tuple),
            start_minute=st.integers(0, 1_440),
            end_minute=st.integers(0, 1_440),
            reason=st.text(max_size=20),
        ),
        max_size=3,
    ).map(tuple),
)


def stored(figures: dict[str, Any]) -> dict[str, Any]:
    """As it comes back from a JSON column."""
    back: dict[str, Any] = json.loads(json.dumps(figures))
    return back


class TestRoundTrip:
    @given(AIMS)
    def test_of_aims(self, aim: Aim) -> None:
        assert frozen.aim_from_json(stored(frozen.aim_as_json(aim))) == aim

    @given(PARAMETERS)
    def test_of_parameters(self, parameters: Parameters) -> None:
        back = frozen.parameters_from_json(stored(frozen.parameters_as_json(parameters)))

        assert back == parameters

    @pytest.mark.parametrize("seed", range(12))
    def test_of_situations_and_blueprints(self, seed: int) -> None:
        situation, aim = generated(seed)
        blueprint = plan(situation, Parameters(), aim)

        assert frozen.situation_from_json(stored(frozen.situation_as_json(situation))) == situation
        if isinstance(blueprint, Blueprint):
            text = stored(frozen.blueprint_as_json(blueprint))
            assert frozen.blueprint_from_json(text) == blueprint

    def test_keeps_every_digit_as_text(self) -> None:
        text = frozen.aim_as_json(Aim(kind=AimKind.LIQUIDITY, raise_assets=2**255 + 1))

        assert text["raise_assets"] == str(2**255 + 1)


class TestFromJson:
    def test_gives_a_parameter_that_is_newer_than_the_row_its_default(self) -> None:
        text = frozen.parameters_as_json(Parameters(move_bps=7))
        del text["cooldown_minutes"]

        assert frozen.parameters_from_json(text) == Parameters(move_bps=7)

    @pytest.mark.parametrize(
        ("change", "told"),
        [
            ({"kind": "GUESS"}, "GUESS"),
            ({"raise_assets": 5}, "not text"),
            ({"raise_assets": "5.5"}, "5.5"),
            ({"raise_assets": None}, "not text"),
            ({"target_bps": {"L4": "1"}}, "L4"),
            ({"target_bps": []}, "not an object"),
            ({"colour": "red"}, "colour"),
        ],
    )
    def test_refuses_what_is_strange(self, change: dict[str, Any], told: str) -> None:
        text = frozen.aim_as_json(Aim(kind=AimKind.TIERS)) | change

        with pytest.raises(frozen.NotFigures, match=told):
            frozen.aim_from_json(text)

    def test_refuses_what_lacks_a_figure(self) -> None:
        text = frozen.situation_as_json(simple(1, 1, 1))
        del text["cash"]

        with pytest.raises(frozen.NotFigures, match="cash"):
            frozen.situation_from_json(text)


class TestContentHash:
    def test_is_of_the_content_and_not_of_the_order_of_keys(self) -> None:
        one = Aim(kind=AimKind.EXACT, target_bps={Tier.L1: 1, Tier.L2: 2})
        other = Aim(kind=AimKind.EXACT, target_bps={Tier.L2: 2, Tier.L1: 1})

        assert frozen.content_hash(one) == frozen.content_hash(other)
        assert len(frozen.content_hash(one)) == 66

    def test_changes_with_one_base_unit(self) -> None:
        situation = simple(1_000_000, 3_000_000, 6_000_000)
        other = simple(1_000_000, 3_000_000, 6_000_000, due=1)

        assert frozen.content_hash(situation) != frozen.content_hash(other)

    def test_tells_kinds_of_figures_apart(self) -> None:
        aim, parameters = Aim(kind=AimKind.TIERS), Parameters(plan_assets_min=USDT)

        assert frozen.content_hash(aim, parameters) != frozen.content_hash(parameters, aim)
