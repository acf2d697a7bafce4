"""Messages to the owners of the warm wallet."""

from apps.accounts import queries as accounts
from apps.chain.events import SafeProposed
from apps.notifications.operations import notify
from apps.notifications.rules import Severity

from .links import admin_link


def ask_owners(fact: SafeProposed) -> None:
    """A signature is asked for: to every owner we know, but the one who asked for it."""
    owners = [accounts.owner_of_wallet(address) for address in fact.owners]
    notify(
        kind="SAFE_PROPOSED",
        dedupe_key=f"safe-proposal:{fact.proposal_id}",
        user_ids=[
            owner.pk
            for owner in owners
            if owner is not None and owner.get_username() != fact.requested_by
        ],
        subject=f"Signature needed: {fact.sentence}",
        body=f"The warm wallet is asked for this by {fact.requested_by}. "
        f"{fact.threshold} of its {len(fact.owners)} owners must sign.",
        details=[
            ("Proposal", f"#{fact.proposal_id}"),
            ("What", fact.sentence),
            ("Safe nonce", str(fact.safe_nonce)),
        ],
        link=admin_link("chain_safeproposal_change", fact.proposal_id),
        link_text="Look and sign",
        severity=Severity.INFO,
        at=fact.at,
    )
