"""IN: blocks become Log rows."""

from apps.chain.listener.ingest import Overtaken
from apps.chain.listener.ticking import Listener, Outcome, Tick, check_chain

__all__ = ["Listener", "Outcome", "Overtaken", "Tick", "check_chain"]
