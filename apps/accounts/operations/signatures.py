"""Single-use wallet signatures (EIP-712) of votes and of sensitive requests."""

import re
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction

from apps.accounts.models import Nonce
from apps.accounts.operations.contract_wallets import ContractVerdict
from apps.accounts.queries import wallet_of
from apps.accounts.rules import signatures
from apps.core import clock
from apps.core.errors import Refused

_NONCE = re.compile(r"0x[0-9a-f]{64}")


class SignatureExpired(Refused):
    """The signature or its nonce is older than it may be."""


class NonceUsed(Refused):
    """The nonce was used before, or never issued to this person for this purpose."""


class WrongSigner(Refused):
    """Somebody else's wallet made the signature, or it covers something else."""

    code = "FORBIDDEN"


class BadSignature(Refused):
    """Not a canonical signature; the malleable twin of one counts as bad too."""

    code = "VALIDATION_ERROR"


class NoWallet(Refused):
    """The person has no registered wallet, so they cannot sign."""

    code = "FORBIDDEN"


def issue_nonce(*, user_id: int | None, purpose: str, at: datetime) -> str:
    """Hand out 32 random bytes, as ``0x`` and 64 digits, good for one signature.

    They are valid until ``at`` plus the setting SIGNATURE_TTL_SECONDS.
    """
    nonce = Nonce.objects.create(
        value="0x" + secrets.token_hex(32),
        user_id=user_id,
        purpose=purpose,
        issued_at=at,
        expires_at=at + timedelta(seconds=settings.SIGNATURE_TTL_SECONDS),
    )
    return nonce.value


@transaction.atomic
def consume_signature(
    *,
    user_id: int,
    purpose: str,
    typed_data: Mapping[str, Any],
    nonce: str,
    signature: str,
    expires_at: datetime,
    at: datetime,
    contract_verdict: ContractVerdict | None = None,
) -> str:
    """Use a signature up, in the caller's transaction; return its signer's lower-case address.

    Args:
        purpose: the same words with which the nonce was issued.
        typed_data: rebuilt by the server from its own rows, never taken from the client; its
            message carries ``nonce`` and ``expiresAt`` (Unix seconds), so that both are signed.
        expires_at: what the signature says of itself; not later than the nonce's own end.
        contract_verdict: for a contract wallet, what it said before the transaction.

    Raises:
        NoWallet, BadSignature, SignatureExpired, NonceUsed, WrongSigner.
    """
    message = typed_data["message"]
    expires_seconds = int(expires_at.timestamp())
    if message["nonce"] != nonce or int(message["expiresAt"]) != expires_seconds:
        raise WrongSigner("The signature does not cover this nonce and expiry.")
    if expires_at <= at:
        raise SignatureExpired("The signature has expired. Sign again.")
    row = _locked_nonce(nonce, user_id=user_id, purpose=purpose, at=at)
    if expires_seconds > row.expires_at.timestamp() + 1:
        raise SignatureExpired("The signature claims to be good for longer than it may be.")
    signer = _signer(user_id, typed_data, signature, contract_verdict)
    row.used_at = at
    row.save(update_fields=["used_at"])
    return signer


@transaction.atomic
def consume_operation_signature(
    *,
    user_id: int,
    wallet: str,
    typed_data: Mapping[str, Any],
    signature: str,
    at: datetime,
    contract_verdict: ContractVerdict | None = None,
) -> str:
    """Use up the signature of one REST request (``operation_typed_data``); return its signer.

    The client chose the nonce; the row that this writes refuses it from then on, for everybody.

    Raises:
        SignatureExpired: its timestamp is more than the time-to-live away from ``at``.
        NonceUsed, NoWallet, BadSignature, WrongSigner.
    """
    message = typed_data["message"]
    ttl = timedelta(seconds=settings.SIGNATURE_TTL_SECONDS)
    signed_at = clock.from_timestamp(message["timestamp"])
    if abs(at - signed_at) > ttl:
        raise SignatureExpired("The signature's timestamp is too far from now. Sign again.")
    signer = _signer(user_id, typed_data, signature, contract_verdict)
    if wallet.lower() != signer:
        raise WrongSigner("X-Wallet-Address is not the wallet that signed.")
    try:
        with transaction.atomic():
            Nonce.objects.create(
                value=message["nonce"],
                user_id=user_id,
                purpose="operation",
                issued_at=signed_at,
                expires_at=signed_at + ttl,
                used_at=at,
            )
    except IntegrityError as error:
        raise NonceUsed("This signature was used before. Sign again.") from error
    return signer


def check_signature(*, user_id: int, typed_data: Mapping[str, Any], signature: str) -> str:
    """Prove that this person's registered wallet signed; return its lower-case address.

    For typed data of a contract's own, which cannot carry a nonce of ours: the caller sees to it
    that using it twice does nothing twice.

    Raises:
        NoWallet, BadSignature, WrongSigner.
    """
    return _signer(user_id, typed_data, signature, None)


def consume_sign_in_nonce(*, nonce: str, wallet: str, at: datetime) -> None:
    """Use up the nonce of a sign-in challenge.

    Raises:
        NonceUsed, SignatureExpired.
    """
    row = _locked_nonce(nonce, user_id=None, purpose=sign_in_purpose(wallet), at=at)
    row.used_at = at
    row.save(update_fields=["used_at"])


def sign_in_purpose(wallet: str) -> str:
    """The words that bind a sign-in's nonce to one wallet."""
    return f"sign-in {wallet.lower()}"


def _locked_nonce(value: str, *, user_id: int | None, purpose: str, at: datetime) -> Nonce:
    known = _NONCE.fullmatch(value) is not None
    row = Nonce.objects.select_for_update().filter(value=value).first() if known else None
    if row is None or row.user_id != user_id or row.purpose != purpose:
        raise NonceUsed("This signature's nonce was not issued for this. Sign again.")
    if row.used_at is not None:
        raise NonceUsed("This signature was used before. Sign again.")
    if row.expires_at <= at:
        raise SignatureExpired("The signature has expired. Sign again.")
    return row


def _signer(
    user_id: int,
    typed_data: Mapping[str, Any],
    signature: str,
    verdict: ContractVerdict | None,
) -> str:
    wallet = wallet_of(user_id)
    if wallet is None:
        raise NoWallet("You have no registered wallet. Ask an administrator to register one.")
    message = signatures.signable(typed_data)
    try:
        if verdict == ContractVerdict(
            address=wallet,
            digest=signatures.digest_of(message),
            signature=signatures.signature_bytes(signature),
        ):
            return wallet
        raw = signatures.canonical_signature(signature)
    except signatures.NotASignature as error:
        raise BadSignature(f"This is not a valid signature: {error}.") from error
    if signatures.signer_of(message, raw) != wallet:
        raise WrongSigner(
            "The signature was not made by your registered wallet, "
            "or what you signed is not what stands now. Reload the page and sign again."
        )
    return wallet
