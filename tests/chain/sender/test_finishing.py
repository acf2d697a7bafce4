"""The verdict: our own logs are believed before a node is."""

from collections.abc import Sequence
from typing import Any

import pytest

from apps.chain.models import Log, Reservation, TransactionStatus
from devnet.investing import Requested
from tests.chain.sender.helpers import again, new_sender, submit
from tests.chain_world import World

pytestmark = [pytest.mark.chain, pytest.mark.django_db]


class TestVerdict:
    def test_a_node_that_tells_of_a_revert_is_not_believed_against_our_logs(
        self, world: World, large: Requested, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What moved assets would be asked for again, and its share of the limits given back."""
        row = submit(large.id)
        sender = new_sender(world)
        sender.step()
        world.finalise()
        real = sender.client.batch

        def lying(requests: Sequence[tuple[str, list[Any]]]) -> list[Any]:
            return [
                {**answer, "status": "0x0"} if method == "eth_getTransactionReceipt" else answer
                for (method, _), answer in zip(requests, real(requests), strict=True)
            ]

        monkeypatch.setattr(sender.client, "batch", lying)
        sender.step()

        assert Log.objects.filter(tx_hash=again(row).mined_hash).exists()
        assert again(row).status == TransactionStatus.MINED
        assert "our own logs" in again(row).error
        assert Reservation.objects.get().released_at is None
