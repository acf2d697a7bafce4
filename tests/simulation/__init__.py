"""A seeded simulation of the whole way from block to row to block, over the real services.

The chain, its nodes and the clock are made up (``chain``, ``nodes``); the listener, the dispatcher,
the sender, the domain's operations and PostgreSQL are the real ones. A seed decides everything:
what investors do, forks, what each node does wrong, when a process dies and between which two
statements, which task comes twice. The same seed plays the same play.
"""
