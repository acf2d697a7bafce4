"""OUT: queued intents become mined transactions. The life of one is in ``sending``; each of its
steps is a room of its own."""

from apps.chain.sender.desk import Overtaken
from apps.chain.sender.sending import Sender

__all__ = ["Overtaken", "Sender"]
