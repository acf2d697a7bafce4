"""What may be done with people, signatures and sign-ins."""

from apps.accounts.operations.beginnings import (
    DemoPerson,
    Newcomer,
    bootstrap,
    create_demo_staff,
)
from apps.accounts.operations.contract_wallets import (
    ContractVerdict,
    contract_verdict,
    use_contract_wallet_verifier,
)
from apps.accounts.operations.people import create_user, deactivate_user, enrol_second_factor
from apps.accounts.operations.sessions import (
    SignedIn,
    SignInRefused,
    note_refused_sign_in,
    refresh_session,
    sign_in_with_wallet,
    sign_out,
    start_challenge,
)
from apps.accounts.operations.signatures import (
    BadSignature,
    NonceUsed,
    NoWallet,
    SignatureExpired,
    WrongSigner,
    check_signature,
    consume_operation_signature,
    consume_signature,
    issue_nonce,
)
from apps.accounts.operations.upkeep import forget_expired

__all__ = [
    "BadSignature",
    "ContractVerdict",
    "DemoPerson",
    "Newcomer",
    "NoWallet",
    "NonceUsed",
    "SignInRefused",
    "SignatureExpired",
    "SignedIn",
    "WrongSigner",
    "bootstrap",
    "check_signature",
    "consume_operation_signature",
    "consume_signature",
    "contract_verdict",
    "create_demo_staff",
    "create_user",
    "deactivate_user",
    "enrol_second_factor",
    "forget_expired",
    "issue_nonce",
    "note_refused_sign_in",
    "refresh_session",
    "sign_in_with_wallet",
    "sign_out",
    "start_challenge",
    "use_contract_wallet_verifier",
]
