"""The wallet's signature of a form in the admin: over its address and exactly what it shows.

The typed data is the Operation that REST requests carry (see ``accounts.api.signatures``); in place
of a body's hash it has the hash of what the page showed.
"""

import secrets
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.http import HttpRequest, JsonResponse

from apps.accounts import operations as accounts
from apps.accounts.queries import signing_chain_id
from apps.accounts.rules.signatures import operation_typed_data
from apps.core import display
from apps.core.api.errors import STATUS_OF
from apps.core.clock import from_timestamp
from apps.core.denials import tell_denied
from apps.core.errors import Invalid


class NotSigned(Invalid):
    """The form came without a wallet's signature."""


def payload(request: HttpRequest, *, path: str, content_hash: str, at: datetime) -> JsonResponse:
    """What the page's script has the person's wallet sign before it sends the form to ``path``."""
    user: Any = request.user
    if not user.wallet_address:
        return refusal(request, "FORBIDDEN", "No wallet is registered to you; you cannot sign.")
    signed_at = int(at.timestamp())
    nonce = "0x" + secrets.token_hex(32)
    expires_at = signed_at + settings.SIGNATURE_TTL_SECONDS
    return JsonResponse(
        {
            "typedData": _typed(path, content_hash, nonce, signed_at),
            "nonce": nonce,
            "expiresAt": expires_at,
            "address": display.checksum(user.wallet_address),
        }
    )


def require_signature(request: HttpRequest, *, path: str, content_hash: str, at: datetime) -> None:
    """Check and use up the signature that came with the form.

    Raises:
        NotSigned, SignatureExpired, NonceUsed, NoWallet, BadSignature, WrongSigner.
    """
    form = request.POST
    nonce, expires = form.get("nonce", ""), form.get("expires_at", "")
    if not form.get("signature") or not (expires.isascii() and expires.isdigit()):
        raise NotSigned("Your wallet has not signed this. Reload the page and try again.")
    if not nonce.startswith("0x") or len(nonce) != 66 or len(expires) > 12:
        raise NotSigned("The signature's nonce or expiry is malformed. Sign again.")
    user: Any = request.user
    signed_at = from_timestamp(int(expires)) - timedelta(seconds=settings.SIGNATURE_TTL_SECONDS)
    typed = _typed(path, content_hash, nonce.lower(), int(signed_at.timestamp()))
    signature = form["signature"]
    verdict = accounts.contract_verdict(user_id=user.pk, typed_data=typed, signature=signature)
    accounts.consume_operation_signature(
        user_id=user.pk,
        wallet=user.wallet_address or "",
        typed_data=typed,
        signature=signature,
        at=at,
        contract_verdict=verdict,
    )


def refusal(request: HttpRequest, code: str, message: str) -> JsonResponse:
    """A refusal in the form that the page's script shows."""
    if code == "FORBIDDEN":
        tell_denied(request, message)
    return JsonResponse({"error": {"code": code, "message": message}}, status=STATUS_OF[code])


def _typed(path: str, content_hash: str, nonce: str, signed_at: int) -> dict[str, Any]:
    return operation_typed_data(
        chain_id=signing_chain_id(),
        method="POST",
        path=path,
        body_hash=content_hash,
        nonce=nonce,
        timestamp_seconds=signed_at,
    )
