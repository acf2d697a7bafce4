"""Who may write: the sender that took over last, and no other."""

import pytest

from apps.chain.models import SignerAccount, TransactionStatus
from apps.chain.sender import Overtaken, nonces, policy, simulating
from apps.chain.sender.safes import Carrier
from devnet.investing import Requested
from tests.chain.sender.helpers import again, new_sender, submit
from tests.chain_world import World

pytestmark = [pytest.mark.chain, pytest.mark.django_db]


class TestFencing:
    def test_a_former_leader_writes_nothing_any_more(self, world: World, large: Requested) -> None:
        former = new_sender(world)
        former.step()
        row = submit(large.id)
        successor = new_sender(world)
        assert successor.desk.epoch == former.desk.epoch + 1

        with pytest.raises(Overtaken):
            former.step()

        assert again(row).status == TransactionStatus.QUEUED

    def test_not_even_in_the_middle_of_a_step(self, world: World, large: Requested) -> None:
        """It simulated, slept, and comes back when its successor has signed."""
        former = new_sender(world)
        nonces.first_nonce(former.desk)
        row = submit(large.id)
        row = policy.decide(former.desk, row)
        carrier = Carrier(to=row.to, data=row.calldata)
        row = simulating.simulate(former.desk, row, carrier, sender=former.signer.address)
        new_sender(world).step()
        signed = again(row)

        with pytest.raises(Overtaken):
            nonces.take(former.desk, row)

        assert again(row).nonce == signed.nonce == 0
        assert SignerAccount.objects.get(tier="HOT").next_nonce == 1
        assert row.attempts.count() == 1
