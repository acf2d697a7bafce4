"""The form of REST tokens: JWT, Ed25519 and nothing else, with audience, issuer and key id.

An access token is short-lived and says which sign-in (``sid``) and which version of the user's
rights (``ver``) it stands on. A refresh token carries the number (``jti``) that its sign-in expects
next; it works once.
"""

import base64
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

ALGORITHM = "EdDSA"
ACCESS = "access"
REFRESH = "refresh"
_CLAIMS = ["aud", "iss", "exp", "iat", "typ", "sub", "sid", "ver", "jti"]


class BadToken(ValueError):
    """Not a token of ours, or not of the kind that was asked for."""


class ExpiredToken(ValueError):
    """A token of ours whose time is over."""


class BadSigningKey(ValueError):
    """The configured key is not an Ed25519 private key in PEM."""


@dataclass(frozen=True, slots=True)
class KeyPair:
    """The signing key, its public half, and the id by which tokens name it."""

    private: Ed25519PrivateKey
    public: Ed25519PublicKey
    key_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What a token says."""

    kind: str
    user_id: int
    session_id: str
    rights_version: int
    token_id: str
    issued_at: datetime
    expires_at: datetime


@lru_cache(maxsize=4)
def key_pair(private_pem: str) -> KeyPair:
    """Read an Ed25519 private key and derive the rest.

    Raises:
        BadSigningKey: it is something else.
    """
    try:
        private = load_pem_private_key(private_pem.encode(), password=None)
    except (ValueError, TypeError) as error:
        raise BadSigningKey("the JWT key is not a private key in PEM") from error
    if not isinstance(private, Ed25519PrivateKey):
        raise BadSigningKey("the JWT key is not an Ed25519 key")
    public = private.public_key()
    digest = hashlib.sha256(public.public_bytes(Encoding.Raw, PublicFormat.Raw)).digest()
    return KeyPair(private, public, base64.urlsafe_b64encode(digest[:12]).decode())


def write_token(claims: Claims, *, keys: KeyPair, audience: str, issuer: str) -> str:
    """Sign the claims."""
    payload = {
        "aud": audience,
        "iss": issuer,
        "typ": claims.kind,
        "sub": str(claims.user_id),
        "sid": claims.session_id,
        "ver": claims.rights_version,
        "jti": claims.token_id,
        "iat": int(claims.issued_at.timestamp()),
        "exp": int(claims.expires_at.timestamp()),
    }
    return jwt.encode(payload, keys.private, algorithm=ALGORITHM, headers={"kid": keys.key_id})


def read_token(
    token: str, *, kind: str, keys: KeyPair, audience: str, issuer: str, at: datetime
) -> Claims:
    """Check a token's signature, key, audience, issuer, kind and time; return what it says.

    Raises:
        BadToken: any of these but the time is wrong.
        ExpiredToken: its time is over.
    """
    try:
        if jwt.get_unverified_header(token).get("kid") != keys.key_id:
            raise BadToken("signed with another key")
        payload = jwt.decode(
            token,
            keys.public,
            algorithms=[ALGORITHM],
            audience=audience,
            issuer=issuer,
            # The instant is passed in, so times are compared below.
            options={
                "require": _CLAIMS,
                "verify_exp": False,
                "verify_iat": False,
                "strict_aud": True,
            },
        )
        claims = _claims(payload)
    except (jwt.InvalidTokenError, ValueError, TypeError, OverflowError, UnicodeError) as error:
        raise BadToken("the token is not valid") from error
    if claims.kind != kind:
        raise BadToken(f"the token is not of the kind {kind!r}")
    if claims.expires_at <= at:
        raise ExpiredToken("the token has expired")
    return claims


def _claims(payload: dict[str, Any]) -> Claims:
    return Claims(
        kind=str(payload["typ"]),
        user_id=int(payload["sub"]),
        session_id=str(payload["sid"]),
        rights_version=int(payload["ver"]),
        token_id=str(payload["jti"]),
        issued_at=datetime.fromtimestamp(int(payload["iat"]), UTC),
        expires_at=datetime.fromtimestamp(int(payload["exp"]), UTC),
    )
