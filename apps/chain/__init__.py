"""The chain: logs come in, transactions go out; the only app that knows web3.

Public face: ``operations`` (submit, retry), ``queries`` (reads), ``events`` (facts), ``calls``.
"""
