"""Who reads, and who sends: one process at a time for each chain, or key, with standbys.

Leadership is a PostgreSQL session advisory lock, which ends with its connection however that ends.
The epoch on the cursor, or the signer's row, bumped at take-over, refuses what a former leader
still tries to write.
"""

from collections.abc import Callable
from datetime import datetime

from apps.chain import config as chain_config
from apps.chain import dispatcher
from apps.chain.client import Client
from apps.chain.config import ChainConfig, SignerConfig, SignerTier
from apps.chain.listener import Listener, Outcome, Tick, ingest
from apps.chain.listener.backfill import Backfill
from apps.chain.operations.folding import listener_lock
from apps.chain.sender import Sender
from apps.core.errors import Unavailable
from apps.core.locks import release_session_lock, try_session_lock

Clock = Callable[[], datetime]


class ListenerLead:
    """The right to read a chain, with the listener that uses it."""

    def __init__(self, config: ChainConfig, clock: Clock, *, client: Client | None = None) -> None:
        self.config, self._clock = config, clock
        self._name = listener_lock(config.chain_id)
        self.client = client or Client(config)
        self._listener: Listener | None = None
        self._backfill = Backfill(config, self.client, clock)

    def take(self) -> bool:
        """Become the leader; False when another process is."""
        if not try_session_lock(self._name):
            return False
        ingest.cursor_for(self.config)
        epoch = ingest.take_over(self.config.chain_id)
        self.client.load_health(self._clock())
        self._listener = Listener(self.config, self.client, epoch=epoch, clock=self._clock)
        return True

    def give_back(self) -> None:
        """Let a standby take over at once."""
        self._listener = None
        release_session_lock(self._name)

    def turn(self) -> Tick:
        """Read what is new, apply what is final, and with nothing else to do read past blocks.

        Raises:
            ChainUnavailable: no node is of use.
            Overtaken: another process leads.
        """
        if self._listener is None:
            raise ingest.Overtaken(f"nobody here leads chain {self.config.chain_id}")
        try:
            tick = self._listener.tick()
        except Unavailable:
            self.client.save_health(self._clock())
            raise
        self.client.save_health(self._clock())
        if tick.outcome is Outcome.HALTED:
            return tick
        applied = dispatcher.dispatch_ready(self.config.chain_id, self.client, clock=self._clock)
        behind = tick.behind + applied
        if not behind and tick.outcome is not Outcome.SUSPECTED and self._backfill.step():
            behind = 1
        return Tick(tick.outcome, behind=behind, logs=tick.logs)


class SenderLead:
    """The right to send with one key of a chain (its first unless given), and the sender that does.

    Each take-over makes a new sender, whose first step refuses what the one before still writes.
    """

    def __init__(
        self,
        config: ChainConfig,
        clock: Clock,
        *,
        signer: SignerConfig | None = None,
        client: Client | None = None,
    ) -> None:
        self.config, self._clock = config, clock
        self._client = client or Client(config)
        self.sender = Sender(config, self._client, clock=clock, signer=signer)
        self.signer = self.sender.signer
        self._name = f"sender:{config.chain_id}:{self.signer.address}"

    def take(self) -> bool:
        """Become the leader; False when another process is."""
        if not try_session_lock(self._name):
            return False
        self.sender = Sender(self.config, self._client, clock=self._clock, signer=self.signer)
        return True

    def give_back(self) -> None:
        """Let a standby take over at once."""
        release_session_lock(self._name)


def sender_leads(clock: Clock) -> list[SenderLead]:
    """One for each key of each chain: keys of a chain do not wait for each other."""
    return [
        SenderLead(config, clock, signer=signer)
        for config in chain_config.chains()
        for signer in config.signers
        if signer.tier is SignerTier.HOT
    ]
