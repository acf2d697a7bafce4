"""Which tickets are about the fund, and how their subjects are written."""

FEE_WITHDRAW = "FEE_WITHDRAW"
ASSET_ADD = "ASSET_ADD"
ASSET_REMOVE = "ASSET_REMOVE"
CONFIG_CHANGE = "CONFIG_CHANGE"

ALLOCATION = "fund:allocation:"
TERMS = "fund:asset:"
"""How subjects of CONFIG_CHANGE tickets that are ours begin; the token's address follows."""

REDEMPTION_FEES = "redemption"
ACCRUED_FEES = "management and performance"
"""Subjects of FEE_WITHDRAW tickets: which fees are paid out."""


def is_ours(kind: str, subject_id: str) -> bool:
    """Whether a ticket is about the fund's fees, register or terms."""
    if kind == CONFIG_CHANGE:
        return subject_id.startswith((ALLOCATION, TERMS))
    return kind in (FEE_WITHDRAW, ASSET_ADD, ASSET_REMOVE)


def token_of(subject_id: str) -> str:
    """The token that a subject is about."""
    return subject_id.rpartition(":")[2]
