"""IN: blocks become Log rows.

``ticking`` is one tick, with ``catching_up`` (final blocks by range), ``proofs`` (whether a node
told all), ``forks`` with their ``witnesses``, and ``finality``. ``ingest`` is all that it writes,
``rows`` how, with ``coverage`` kept beside. For past blocks: ``backfill`` (of contracts
added later, and by hand) and ``crosscheck`` (against another node).
"""

from apps.chain.listener.ingest import Overtaken
from apps.chain.listener.round import Outcome, Tick
from apps.chain.listener.starting import check_chain
from apps.chain.listener.ticking import Listener

__all__ = ["Listener", "Outcome", "Overtaken", "Tick", "check_chain"]
