"""What other apps may ask about people, wallets and tokens."""

from apps.accounts.queries.people import (
    label_of,
    labels_of,
    owner_of_wallet,
    owners_ever,
    user_has_role,
    user_ids_ever_owning,
    users_with_role,
    wallet_of,
)
from apps.accounts.queries.tokens import signing_chain_id, user_from_access_token

__all__ = [
    "label_of",
    "labels_of",
    "owner_of_wallet",
    "owners_ever",
    "signing_chain_id",
    "user_from_access_token",
    "user_has_role",
    "user_ids_ever_owning",
    "users_with_role",
    "wallet_of",
]
