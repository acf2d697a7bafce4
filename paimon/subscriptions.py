"""Which handler hears which fact. The page to read first: what comes by chain or by decision.

- ``PROJECTIONS``: rows that mirror the chain; run in order for each final log, and again by a replay.
- ``REACTIONS``: tickets, messages, transactions; once ever for each log or decision, never by a replay.
- ``ON_SEEN``: alerts about logs that are not final yet; they change no state.

A key is a fact's class, or (class, kind) for facts that carry a kind.
"""

from apps.core.bus import Table

PROJECTIONS: Table = {}

REACTIONS: Table = {}

ON_SEEN: Table = {}
