"""Maker and checker: rules, tickets, votes, time limits. It knows subjects by value only.

Public face: ``operations`` (open, vote, cancel), ``queries`` (reads, who may vote, what a decision
authorises), ``events`` (what happened to a ticket).
"""
