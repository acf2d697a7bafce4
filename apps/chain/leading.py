"""Who reads, and who sends: one process at a time for each chain, with standbys.

Leadership is a PostgreSQL session advisory lock, which ends with its connection however that ends.
The epoch on the cursor, bumped at take-over, refuses what a former leader still tries to write.
"""

from collections.abc import Callable
from datetime import datetime

from apps.chain import dispatcher
from apps.chain.client import Client
from apps.chain.config import ChainConfig
from apps.chain.listener import Listener, Outcome, Tick, ingest
from apps.chain.sender import Sender
from apps.core.locks import release_session_lock, try_session_lock

Clock = Callable[[], datetime]


class ListenerLead:
    """The right to read a chain, with the listener that uses it."""

    def __init__(self, config: ChainConfig, clock: Clock) -> None:
        self.config, self._clock = config, clock
        self._name = f"listener:{config.chain_id}"
        self.client = Client(config)
        self._listener: Listener | None = None

    def take(self) -> bool:
        """Become the leader; False when another process is."""
        if not try_session_lock(self._name):
            return False
        ingest.cursor_for(self.config)
        epoch = ingest.take_over(self.config.chain_id)
        self._listener = Listener(self.config, self.client, epoch=epoch, clock=self._clock)
        return True

    def give_back(self) -> None:
        """Let a standby take over at once."""
        self._listener = None
        release_session_lock(self._name)

    def turn(self) -> Tick:
        """Read what is new, then apply what is final; idle when there was neither.

        Raises:
            ChainUnavailable: no node answers.
            Overtaken: another process leads.
        """
        if self._listener is None:
            raise ingest.Overtaken(f"nobody here leads chain {self.config.chain_id}")
        tick = self._listener.tick()
        applied = 0
        if tick.outcome is not Outcome.HALTED:
            applied = dispatcher.dispatch_ready(
                self.config.chain_id, self.client, clock=self._clock
            )
        return Tick(tick.outcome, behind=tick.behind + applied, logs=tick.logs)


class SenderLead:
    """The right to send on a chain, with the sender that uses it."""

    def __init__(self, config: ChainConfig, clock: Clock) -> None:
        self._name = f"sender:{config.chain_id}"
        self.config = config
        self.sender = Sender(config, Client(config), clock=clock)

    def take(self) -> bool:
        """Become the leader; False when another process is."""
        return try_session_lock(self._name)

    def give_back(self) -> None:
        """Let a standby take over at once."""
        release_session_lock(self._name)
