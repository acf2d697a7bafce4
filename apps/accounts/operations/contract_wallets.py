"""Signatures of contract wallets (EIP-1271): only the chain can say whether they hold.

The chain app stands above this one, so here is only the port; the composition root plugs the
implementation in. A door asks for the verdict before its transaction begins, since no RPC may
happen inside one, and hands the verdict on.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from django.db import transaction

from apps.accounts.queries import wallet_of
from apps.accounts.rules import signatures


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

    Raises:
        VerdictInTransaction: called inside a transaction.
    """
    if not _verifiers:
        return None
    if transaction.get_connection().in_atomic_block:
        raise VerdictInTransaction("ask for the contract's verdict before the transaction")
    address = wallet_of(user_id)
    if address is None:
        return None
    try:
        raw = signatures.signature_bytes(signature)
    except signatures.NotASignature:
        return None
    digest = signatures.digest_of(signatures.signable(typed_data))
    if not _verifiers[0](address=address, digest=digest, signature=raw):
        return None
    return ContractVerdict(address=address, digest=digest, signature=raw)
