"""Shares that the vault keeps of each holder, some holders at a time, against what it says itself.

Their sum is compared every minute; two accounts whose errors cancel out show only here. Asking of
everybody would take a node too long, so each run takes the accounts of its turn, and the next run
the next ones; those that differed before are looked at every time, or nobody would see them agree.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta

from django.db.models import Q

from apps.chain import queries as chain
from apps.chain.queries import Difference, FindingKind, SharesSetAside
from apps.fund.models import Holder

ACCOUNTS_PER_RUN = 500
"""About as many, of more; all of fewer."""
TURN = timedelta(hours=1)
"""How long a turn is, as the check is made once an hour: N turns look at everybody."""

_SUBJECT = "shares set aside of "


def set_aside_sample(*, chain_id: int, vault: str, at: datetime) -> dict[str, SharesSetAside]:
    """By our rows, what the vault keeps of the accounts whose turn it is, and of those whose
    difference is open."""
    rows = Holder.objects.filter(chain_id=chain_id, vault=vault).exclude(address=vault)
    addresses = list(rows.order_by("address").values_list("address", flat=True))
    turns = max(-(-len(addresses) // ACCOUNTS_PER_RUN), 1)
    now = int(at.timestamp() // TURN.total_seconds()) % turns
    ours = {address for address in addresses if _turn_of(address, turns) == now}
    found = Q(address__in=ours | _open_accounts(chain_id))
    return {
        row.address: SharesSetAside(locked=row.locked_shares, pending=row.pending_shares)
        for row in rows.filter(found).order_by("address")
    }


def set_aside_differences(
    *, ours: Mapping[str, SharesSetAside], theirs: Mapping[str, SharesSetAside]
) -> list[Difference]:
    """Accounts of which the vault keeps other shares than our rows (``set_aside_sample``) say. What
    it does not say of an account is no difference."""
    found = []
    for account, row in ours.items():
        said = theirs[account]
        parts = [
            f"{word}: our rows say {mine}, the contract {its}"
            for word, mine, its in (
                ("locked", row.locked, said.locked),
                ("waiting for approval", row.pending, said.pending),
            )
            if its is not None and its != mine
        ]
        if parts:
            found.append(
                Difference(
                    kind=FindingKind.HOLDERS,
                    subject=f"{_SUBJECT}{account}",
                    detail=f"{'; '.join(parts)}.",
                )
            )
    return found


def _turn_of(address: str, turns: int) -> int:
    """An account's own turn, whoever comes or leaves meanwhile; hashed, since people choose their
    addresses."""
    return int.from_bytes(hashlib.sha256(address.encode()).digest()[:8]) % turns


def _open_accounts(chain_id: int) -> set[str]:
    subjects = (finding.subject for finding in chain.open_findings(chain_id))
    return {subject.removeprefix(_SUBJECT) for subject in subjects if subject.startswith(_SUBJECT)}
