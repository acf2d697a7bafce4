"""The wallet signature that sensitive REST requests carry beside the access token."""

import re
from datetime import datetime
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from apps.accounts import operations
from apps.accounts.queries import signing_chain_id
from apps.accounts.rules import signatures
from apps.audit.operations import record
from apps.core import clock
from apps.core.actor import Actor
from apps.core.errors import NotAllowed, Refused

WALLET = "X-Wallet-Address"
SIGNATURE = "X-Wallet-Signature"
TIMESTAMP = "X-Signature-Timestamp"
NONCE = "X-Signature-Nonce"
PARAMETERS = [
    OpenApiParameter(name, OpenApiTypes.STR, OpenApiParameter.HEADER, required=True)
    for name in (WALLET, SIGNATURE, TIMESTAMP, NONCE)
]
"""The headers, as the OpenAPI document says them."""

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_NONCE = re.compile(r"0x[0-9a-fA-F]{64}")
_SECONDS = re.compile(r"[0-9]{1,12}")


class SignatureRequired(NotAllowed):
    """The request lacks a signature header, or it is malformed."""


def require_operation_signature(request: Request) -> str:
    """Check and use up the request's wallet signature; return the signer's lower-case address.

    The wallet signs EIP-712 typed data ``Operation(string method, string path, bytes32 bodyHash,
    bytes32 nonce, uint256 timestamp)`` in the domain (name "Paimon", version "1", chainId), where
    path includes the query string, bodyHash is the keccak-256 of the raw body, nonce 32 random
    bytes, timestamp Unix seconds not more than five minutes away. Call it before ``request.data``
    is read, and before a transaction begins.

    Raises:
        SignatureRequired, SignatureExpired, NonceUsed, NoWallet, BadSignature, WrongSigner.
    """
    at = clock.now()
    try:
        return _verified(request, at)
    except Refused as refused:
        record(
            actor=Actor.of_request(request),
            action="signature.refused",
            object_type="user",
            object_id=str(request.user.pk),
            after={"method": request.method, "path": request.get_full_path()},
            result=refused.message,
            at=at,
        )
        raise


def _verified(request: Request, at: datetime) -> str:
    wallet = _header(request, WALLET, _ADDRESS)
    signature = _header(request, SIGNATURE, None)
    typed_data = signatures.operation_typed_data(
        chain_id=signing_chain_id(),
        method=str(request.method),
        path=request.get_full_path(),
        body_hash=signatures.body_hash(request.body),
        nonce=_header(request, NONCE, _NONCE),
        timestamp_seconds=int(_header(request, TIMESTAMP, _SECONDS)),
    )
    user: Any = request.user
    verdict = operations.contract_verdict(
        user_id=user.pk, typed_data=typed_data, signature=signature
    )
    return operations.consume_operation_signature(
        user_id=user.pk,
        wallet=wallet,
        typed_data=typed_data,
        signature=signature,
        at=at,
        contract_verdict=verdict,
    )


def _header(request: Request, name: str, pattern: re.Pattern[str] | None) -> str:
    value: str = request.headers.get(name, "")
    if not value or (pattern is not None and not pattern.fullmatch(value)):
        raise SignatureRequired(
            f"This needs a wallet signature: the header {name} is missing or wrong."
        )
    return value
