"""Events, transactions and how far each chain is read."""

from . import chains, events, transactions

__all__ = ["chains", "events", "transactions"]
