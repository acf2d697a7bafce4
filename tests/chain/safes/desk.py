"""The warm wallet as tests use it: its owners with their keys, and what waits for them."""

from dataclasses import dataclass

from apps.chain import operations
from apps.chain.calls import PurchaseAsset
from apps.chain.client import Client
from apps.chain.config import SignerTier
from apps.chain.models import (
    SafeProposal,
    SignerAccount,
    Transaction,
    TransactionStatus,
)
from apps.chain.operations import safe_signing
from apps.chain.queries import safes as queries
from apps.chain.sender import safes
from apps.core import clock
from apps.core.actor import Actor
from devnet.accounts import STRANGER
from devnet.fund import usdt
from devnet.safe import Safe
from tests.accounts.people import Person, sign_typed_data
from tests.chain.tickets import approved
from tests.chain_world import World
from tests.forcing import guards_off

ASSET = "MTMM"


@dataclass
class Desk:
    """A world with a Safe, and the three people who own it."""

    world: World
    safe: Safe
    owners: list[Person]

    def ask(self, key: str = "k1", amount: int = 240_000, requester: str = "ana") -> Transaction:
        """A purchase that waits for the warm wallet, as the sender's policy leaves it."""
        config = self.world.config
        call = PurchaseAsset(
            chain_id=config.chain_id,
            token=self.world.scenario.tokens[ASSET].address.lower(),
            assets=usdt(amount),
            tokens_min=1,
        )
        actor = Actor(kind="user", name=requester)
        pk = operations.submit(
            call=call, key=key, ticket_id=approved(call), actor=actor, at=clock.now()
        )
        SignerAccount.objects.get_or_create(
            chain_id=config.chain_id,
            address=safes.wallet(config).address,
            defaults={"name": "warm wallet", "tier": SignerTier.WARM},
        )
        row = Transaction.objects.get(pk=pk)
        row.tier = SignerTier.WARM.value
        row.simulated(gas_limit=1_000_000)
        row.save()
        return row

    def prepare(self, row: Transaction) -> bool:
        """What the sender does with it in one step; a look at the chain is always due."""
        SafeProposal.objects.update(checked_at=clock.from_timestamp(0))
        row = Transaction.objects.get(pk=row.pk)
        config = self.world.config
        return safes.prepare(row, config, Client(config), at=clock.now())

    def propose(self, key: str = "k1", amount: int = 240_000) -> SafeProposal:
        """A purchase that the owners are asked for."""
        row = self.ask(key, amount)
        assert not self.prepare(row)
        return self.proposal(row)

    def proposal(self, row: Transaction) -> SafeProposal:
        """The proposal that stands for a transaction."""
        found = queries.proposal_of(row.pk)
        assert found is not None
        return found

    def sign(self, proposal: SafeProposal, who: Person) -> None:
        """An owner signs, as in the admin."""
        asked = safe_signing.prepare_confirmation(proposal_id=proposal.pk, user=who.user)
        safe_signing.confirm(
            proposal_id=proposal.pk,
            user=who.user,
            safe_tx_hash=asked.safe_tx_hash,
            signature=sign_typed_data(who, asked.typed_data),
            actor=who.actor,
            at=clock.now(),
        )

    def sign_all(self, proposal: SafeProposal, count: int = 2) -> None:
        """So many owners sign."""
        for who in self.owners[:count]:
            self.sign(proposal, who)

    def tidy(self) -> None:
        """What the sender does at the beginning of a step."""
        safes.tidy(self.world.config, Client(self.world.config), at=clock.now())

    def carry(self, proposal: SafeProposal) -> None:
        """Somebody with gas carries what the owners have signed; then the chain is buried."""
        carrier = safes.carrier_of(proposal.transaction)
        self.world.scenario.chain.send(STRANGER.address, carrier.to, carrier.data)
        self.world.finalise()

    def use_a_nonce(self) -> None:
        """The owners use the Safe elsewhere: a transaction of one wei to nobody, say."""
        state = self.safe.read("nonce")
        self.safe.send(STRANGER, "execTransaction", *self.plain(STRANGER.address, b"", state))

    def plain(self, to: str, data: bytes, nonce: int) -> tuple[object, ...]:
        """Arguments of ``execTransaction`` for a call that two owners have signed elsewhere."""
        from apps.chain.contracts import safe as safe_contract

        typed = safe_contract.typed_data(
            chain_id=self.world.config.chain_id,
            safe=self.safe.address,
            to=to,
            data="0x" + data.hex(),
            nonce=nonce,
        )
        signers = sorted(self.owners[:2], key=lambda who: who.wallet)
        together = b"".join(bytes.fromhex(sign_typed_data(who, typed)[2:]) for who in signers)
        nobody = "0x" + "00" * 20
        return (to, 0, data, 0, 0, 0, 0, nobody, nobody, together)


def end(row: Transaction, status: TransactionStatus) -> None:
    """The transaction comes to an end."""
    with guards_off():
        Transaction.objects.filter(pk=row.pk).update(status=status, mined_hash="0x" + "11" * 32)
