"""The fund's redemptions: rows that follow the chain, and what staff do about them.

Public face: ``operations`` (record what the chain said, send decisions, settle), ``queries``.
"""
