"""A nonce that was spent by a stranger, or only seems so."""

from collections.abc import Sequence
from typing import Any

import pytest

from apps.chain.models import TransactionStatus
from apps.chain.queries import stops_in_force
from apps.chain.sender import nonces
from devnet.investing import Requested
from tests.chain.sender.helpers import again, last_attempt, mine_by_hand, new_sender, submit
from tests.chain_world import World

pytestmark = [pytest.mark.chain, pytest.mark.django_db]


def no_receipts(real: Any) -> Any:
    """A node whose index of transactions lags behind its blocks."""

    def batch(requests: Sequence[tuple[str, list[Any]]]) -> list[Any]:
        return [
            None if method == "eth_getTransactionReceipt" else answer
            for (method, _), answer in zip(requests, real(requests), strict=True)
        ]

    return batch


class TestDisplacing:
    def test_not_of_what_our_own_logs_show_as_mined(
        self, world: World, large: Requested, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        row = submit(large.id)
        sender = new_sender(world)
        sender.step()
        world.finalise()

        with monkeypatch.context() as patch:
            patch.setattr(sender.client, "batch", no_receipts(sender.client.batch))
            sender.step()
        wrongly = again(row).status
        sender.step()

        assert wrongly == TransactionStatus.BROADCAST
        assert not stops_in_force()
        assert again(row).status == TransactionStatus.FINAL

    def test_no_second_nonce_for_what_the_first_has_done_after_all(
        self, world: World, large: Requested
    ) -> None:
        """It was taken for displaced; before it gets another nonce its old hashes are looked up."""
        row = submit(large.id)
        sender = new_sender(world)
        sender.step()
        displaced = again(row)
        displaced.displaced(error="?")
        displaced.save()
        displaced.simulated(gas_limit=1_000_000)
        displaced.save()

        with pytest.raises(nonces.Waits, match="was mined after all"):
            nonces.take(sender.desk, displaced)

        assert again(row).nonce is None

    def test_a_stranger_is_still_noticed(self, world: World, large: Requested) -> None:
        mine_by_hand(world)
        sender = new_sender(world)
        row = submit(large.id)
        sender.step()
        rpc = world.scenario.chain.rpc.call
        rpc("anvil_dropTransaction", last_attempt(row).tx_hash)
        rpc("anvil_setNonce", sender.signer.address, hex(1))
        world.scenario.mine(1)
        world.finalise()
        sender.step()

        assert again(row).status == TransactionStatus.QUEUED
        assert len(stops_in_force()) == 1
