"""Signatures of contract wallets (EIP-1271): only the chain can say whether they hold.

The chain app stands above this one, so here is only the port; the composition root plugs the
implementation in. A door asks for the verdict before its transaction begins, since no RPC may
happen inside one, and hands the verdict on.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from django.db import transaction
from eth_account.messages import SignableMessage

from apps.accounts.queries import wallet_of
from apps.accounts.rules import signatures
from apps.core.errors import Unavailable


class ContractWalletVerifier(Protocol):
    """Asks a contract, at the head block, whether it regards a signature as its own."""

    def __call__(self, *, address: str, digest: bytes, signature: bytes) -> bool:
        """False also when there is no contract at the address."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractVerdict:
    """A contract's yes to one signature of one message."""

    address: str
    digest: bytes
    signature: bytes


class VerdictInTransaction(RuntimeError):
    """The chain was about to be asked inside a database transaction."""


_verifiers: list[ContractWalletVerifier] = []


def use_contract_wallet_verifier(verifier: ContractWalletVerifier | None) -> None:
    """Plug in who asks the chain; None means that only plain wallets sign."""
    _verifiers[:] = [verifier] if verifier else []


def contract_verdict(
    *, user_id: int, typed_data: Mapping[str, Any], signature: str
) -> ContractVerdict | None:
    """Ask the user's wallet contract about a signature; None means no, or no contract.

    A signature by the wallet's own key needs no contract: nobody is asked then. While the chain is
    silent, a signature that some key has made is judged as that key's.

    Raises:
        VerdictInTransaction: called inside a transaction.
        Unavailable: the chain is silent, and only a contract can have made this signature.
    """
    _refuse_in_transaction()
    address = wallet_of(user_id)
    if not _verifiers or address is None:
        return None
    try:
        raw = signatures.signature_bytes(signature)
    except signatures.NotASignature:
        return None
    message = signatures.signable(typed_data)
    key = _key_behind(message, signature)
    if key == address:
        return None
    digest = signatures.digest_of(message)
    try:
        accepted = _verifiers[0](address=address, digest=digest, signature=raw)
    except Unavailable:
        if key is None:
            raise
        return None
    return ContractVerdict(address=address, digest=digest, signature=raw) if accepted else None


def _key_behind(message: SignableMessage, signature: str) -> str | None:
    try:
        return signatures.signer_of(message, signatures.canonical_signature(signature))
    except signatures.NotASignature:
        return None


def _refuse_in_transaction() -> None:
    try:
        # Django's own check of being outermost; it overlooks the transaction around a test.
        with transaction.atomic(durable=True):
            pass
    except RuntimeError as error:
        raise VerdictInTransaction(
            "ask for the contract's verdict before the transaction"
        ) from error
