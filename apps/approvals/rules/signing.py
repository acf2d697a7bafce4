"""What a vote signs: one text for one meaning, and the hashes of what was shown."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from eth_utils.crypto import keccak

from .life import Decision

ZERO_HASH = "0x" + 64 * "0"
NO_CALLS_HASH = "0x569e75fc77c1a856f6daaf9e69d8a9566ca34aa47f9133711ce065a571af0cfd"
"""The ordered hash of no calls, as ``chain`` computes it: what a ticket without a call carries."""


def canonical(value: Any) -> str:
    """JSON with sorted keys and every integer as a string of digits: one text for one meaning."""
    return json.dumps(
        _digits(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


def facts_hash(facts: Mapping[str, Any]) -> str:
    """keccak256 of the canonical facts, as ``0x`` and 64 digits."""
    return "0x" + keccak(text=canonical(facts)).hex()


def _digits(value: Any) -> Any:
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): _digits(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_digits(item) for item in value]
    raise TypeError(f"{type(value).__name__} has no canonical form")


_VOTE_FIELDS = (
    ("ticketId", "uint256"),
    ("decision", "string"),
    ("subject", "string"),
    ("factsHash", "bytes32"),
    ("callsHash", "bytes32"),
    ("ruleVersion", "uint256"),
    ("reasonHash", "bytes32"),
    ("reason", "string"),
    ("nonce", "bytes32"),
    ("expiresAt", "uint256"),
)


def vote_typed_data(
    *,
    chain_id: int,
    ticket_id: int,
    decision: Decision,
    subject: str,
    facts_hash: str,
    calls_hash: str,
    rule_version: int,
    reason: str,
    nonce: str,
    expires_at: datetime,
) -> dict[str, Any]:
    """The EIP-712 Vote that a wallet signs.

    A rejection carries no planned calls (zero hash): its one call is bound by the reason.
    """
    return {
        "domain": {"name": "Paimon", "version": "1", "chainId": chain_id},
        "types": {
            "EIP712Domain": [
                {"name": "name", "type": "string"},
                {"name": "version", "type": "string"},
                {"name": "chainId", "type": "uint256"},
            ],
            "Vote": [{"name": name, "type": kind} for name, kind in _VOTE_FIELDS],
        },
        "primaryType": "Vote",
        "message": {
            "ticketId": ticket_id,
            "decision": decision.value,
            "subject": subject,
            "factsHash": facts_hash,
            "callsHash": calls_hash if decision is Decision.APPROVE else ZERO_HASH,
            "ruleVersion": rule_version,
            "reasonHash": "0x" + keccak(text=reason).hex(),
            "reason": reason,
            "nonce": nonce,
            "expiresAt": int(expires_at.timestamp()),
        },
    }
