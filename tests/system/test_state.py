"""``manage.py state --json``."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from apps.chain import queries as chain
from apps.chain.queries import VaultState
from apps.core import clock
from tests.system import samples

pytestmark = pytest.mark.django_db


@pytest.fixture
def vault(monkeypatch: pytest.MonkeyPatch) -> None:
    found = VaultState(
        total_assets=10**24,
        total_supply=2,
        share_price=3,
        layer1_liquidity=4,
        layer2_liquidity=5,
        layer3_value=6,
        total_redemption_liability=7,
        total_locked_shares=8,
        emergency_mode=False,
    )
    monkeypatch.setattr(chain, "read_vault_state", lambda _block: found)


def printed() -> str:
    out = StringIO()
    call_command("state", "--json", stdout=out)
    return out.getvalue()


class TestState:
    def test_prints_amounts_as_text_in_a_stable_order(self, vault: None) -> None:
        samples.fill(clock.now())

        first, second = printed(), printed()

        assert first == second
        found = json.loads(first)
        assert found["vault"]["totalAssets"] == "1" + "0" * 24
        assert [row["requestId"] for row in found["redemptions"]] == ["41", "42", "43", "44", "45"]
        assert [row["address"] for row in found["holders"]] == sorted([samples.ALICE, samples.BOB])
        assert found["block"]["number"] == 1_284_496

    def test_says_so_when_no_node_answers(self) -> None:
        samples.cursor(clock.now())

        with pytest.raises(CommandError, match="cannot be read"):
            printed()

    def test_asks_for_its_format(self) -> None:
        with pytest.raises(CommandError, match="--json"):
            call_command("state")
