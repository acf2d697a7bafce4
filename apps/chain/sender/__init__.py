"""OUT: queued intents become mined transactions."""

from apps.chain.sender.sending import Sender

__all__ = ["Sender"]
