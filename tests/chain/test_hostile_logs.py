"""Logs that no honest contract emits: kept raw, parked or exact, and the rest goes on.

The vault's code is replaced on the node by a few raw LOG instructions.
"""

import pytest
from django.core.management import call_command
from eth_utils.crypto import keccak

from apps.chain.models import Log, LogStatus
from devnet.accounts import ADMIN, INVESTORS
from devnet.fund import usdt
from tests.chain_world import World

pytestmark = [pytest.mark.chain, pytest.mark.django_db]

UINT256_MAX = 2**256 - 1
TRANSFER = keccak(text="Transfer(address,address,uint256)").hex()
NAV_UPDATED = keccak(text="NavUpdated(uint256,uint256,uint256)").hex()
REJECTED = keccak(text="RedemptionRejected(uint256,address,string)").hex()


def emit(world: World, kind: str, topics: list[str], data: str) -> str:
    """Let the contract of a kind emit one raw log; returns the transaction's hash."""
    words = [data[i : i + 64].ljust(64, "0") for i in range(0, len(data), 64)]
    code = "".join(f"7f{word}61{32 * i:04x}52" for i, word in enumerate(words))
    code += "".join(f"7f{topic}" for topic in reversed(topics))
    code += f"61{len(data) // 2:04x}6000{0xA0 + len(topics):02x}00"
    address = world.config.contract(kind).address
    world.lead.client.call("anvil_setCode", address, "0x" + code)
    tx_hash: str = world.lead.client.call(
        "eth_sendTransaction", {"from": ADMIN.address, "to": address}
    )
    return tx_hash


def word(value: int) -> str:
    return f"{value:064x}"


class TestHostileLogs:
    def test_an_unknown_event_is_kept(self, world: World) -> None:
        emit(world, "vault", ["ab" * 32], word(7))

        world.finalise()

        row = Log.objects.get(status=LogStatus.UNKNOWN)
        assert (row.event, row.args) == ("", None)
        assert row.data == "0x" + word(7)

    def test_a_log_without_topics_is_kept(self, world: World) -> None:
        emit(world, "vault", [], word(7))

        world.finalise()

        assert Log.objects.get(status=LogStatus.UNKNOWN).topics == []

    @pytest.mark.parametrize(
        ("topics", "data"),
        [
            ([TRANSFER], word(1)),  # too few topics
            ([TRANSFER, word(1), word(2)], "00"),  # too little data
            ([TRANSFER, "ff" * 32, word(2)], word(1)),  # no address
        ],
    )
    def test_a_malformed_known_event_is_parked_and_the_rest_goes_on(
        self, world: World, topics: list[str], data: str
    ) -> None:
        emit(world, "vault", topics, data)
        world.scenario.grant_role("redemption_manager", "OPERATOR_ROLE", INVESTORS[0].address)

        world.finalise()

        assert Log.objects.get(status=LogStatus.UNDECODABLE).event == "Transfer"
        assert Log.objects.filter(event="RoleGranted").last().status == LogStatus.APPLIED

    def test_the_largest_integers_are_exact(self, world: World) -> None:
        emit(world, "vault", [NAV_UPDATED], word(UINT256_MAX) + word(1) + word(UINT256_MAX))

        world.finalise()

        row = Log.objects.get(event="NavUpdated", args__oldNav=str(UINT256_MAX))
        assert row.args["timestamp"] == str(UINT256_MAX)
        assert row.status == LogStatus.APPLIED, row.error

    def test_hostile_text_is_stored_and_exported(
        self, world: World, capsys: pytest.CaptureFixture[str]
    ) -> None:
        raw = b"a\x00b\xff\xe2\x80\xae<script>"
        data = word(32) + word(len(raw)) + raw.hex().ljust(64, "0")
        emit(world, "redemption_manager", [REJECTED, word(999), word(5)], data)

        world.finalise()
        call_command("events", "--json")

        reason = Log.objects.get(event="RedemptionRejected").args["reason"]
        assert reason == "a\ufffdb\ufffd\u202e<script>"
        assert "\\u202e" in capsys.readouterr().out

    def test_one_bad_log_does_not_stop_the_next_subscription(self, world: World) -> None:
        emit(world, "redemption_manager", ["cd" * 32], "")
        world.scenario.subscribe(INVESTORS[0], usdt(1_000))

        world.finalise()

        assert Log.objects.filter(event="DepositProcessed", status=LogStatus.APPLIED).exists()
