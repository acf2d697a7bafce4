"""Events, transactions, the warm wallet, and how far each chain is read."""

from . import chains, events, safes, signers, stops, transactions

__all__ = ["chains", "events", "safes", "signers", "stops", "transactions"]
