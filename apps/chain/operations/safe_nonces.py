"""Which nonce of a Safe a proposal takes; call with the lock of the Safe's row.

A Safe executes in the order of its nonces, so a nonce that no transaction uses stops all later
ones: a proposal takes the lowest that the chain has not used and no other proposal holds. Owners'
signatures stay valid on chain until some transaction has used their nonce. So a withdrawn
proposal's nonce goes to the next one, which makes those signatures void: of two transactions with
one nonce only one can ever be executed. For the same reason a call is never signed under a second
nonce while the first could still be used, for then it could be executed twice: a signed proposal
keeps its nonce, and a call that is asked for again takes the one that it was signed under.
"""

from apps.chain.models import ProposalStatus, SafeProposal, Transaction
from apps.chain.queries.safes import rejected_nonce


def nonce_for(row: Transaction, safe: str, nonce_on_chain: int) -> int:
    """The nonce for a transaction's proposal, its own open one left aside."""
    held = held_nonces(row.chain_id, safe, nonce_on_chain, except_for=row)
    wanted = rejected_nonce(row)
    preferred = _signed_under(row, safe, nonce_on_chain) if wanted is None else [wanted]
    for nonce in preferred:
        if nonce >= nonce_on_chain and nonce not in held:
            return nonce
    nonce = nonce_on_chain
    while nonce in held:
        nonce += 1
    return nonce


def held_nonces(
    chain_id: int, safe: str, nonce_on_chain: int, *, except_for: Transaction | None = None
) -> set[int]:
    """The nonces from the chain's on that proposals of ours hold."""
    rows = SafeProposal.objects.filter(
        chain_id=chain_id, safe=safe, safe_nonce__gte=nonce_on_chain
    ).exclude(status=ProposalStatus.WITHDRAWN)
    if except_for is not None:
        rows = rows.exclude(transaction=except_for)
    return set(rows.values_list("safe_nonce", flat=True))


def _signed_under(row: Transaction, safe: str, nonce_on_chain: int) -> list[int]:
    """Unused nonces under which owners have signed the same call before, the latest first."""
    same = SafeProposal.objects.filter(
        chain_id=row.chain_id,
        safe=safe,
        to=row.to,
        data=row.calldata,
        status=ProposalStatus.WITHDRAWN,
        safe_nonce__gte=nonce_on_chain,
        confirmations__isnull=False,
    )
    return list(same.order_by("-id").values_list("safe_nonce", flat=True))
