"""Whose token this is, and for which chain wallets sign."""

import uuid
from datetime import datetime

from django.conf import settings
from django.utils.module_loading import import_string

from apps.accounts.models import ApiSession, User
from apps.accounts.rules import tokens
from apps.core.errors import Refused


class InvalidToken(Refused):
    """The token is not ours, was revoked, or stands on rights its user no longer has."""

    code = "AUTH_INVALID"


class TokenExpired(Refused):
    """The token was ours and its time is over."""

    code = "AUTH_EXPIRED"


def user_from_access_token(token: str, *, at: datetime) -> tuple[User, datetime]:
    """Return the user of an access token and the instant at which it expires.

    Raises:
        InvalidToken: forged, of another kind, signed out, or the user was deactivated or has
            other roles or another wallet since.
        TokenExpired: too old; refresh it.
    """
    claims = read(token, kind=tokens.ACCESS, at=at)
    session = (
        ApiSession.objects.select_related("user")
        .filter(pk=session_key(claims), revoked_at=None, user_id=claims.user_id)
        .first()
    )
    if session is None or not stands(session, claims.rights_version):
        raise InvalidToken("This token was revoked. Sign in again.")
    return session.user, claims.expires_at


def read(token: str, *, kind: str, at: datetime) -> tokens.Claims:
    """Check everything about a token that needs no database.

    Raises:
        InvalidToken, TokenExpired.
    """
    try:
        return tokens.read_token(
            token,
            kind=kind,
            keys=tokens.key_pair(settings.JWT_PRIVATE_KEY),
            audience=settings.JWT_AUDIENCE,
            issuer=settings.JWT_ISSUER,
            at=at,
        )
    except tokens.BadToken as error:
        raise InvalidToken("This token is not valid.") from error
    except tokens.ExpiredToken as error:
        raise TokenExpired("This token has expired.") from error


def session_key(claims: tokens.Claims) -> uuid.UUID:
    """The sign-in a token belongs to.

    Raises:
        InvalidToken: the token names none.
    """
    try:
        return uuid.UUID(claims.session_id)
    except ValueError as error:
        raise InvalidToken("This token is not valid.") from error


def stands(session: ApiSession, rights_version: int) -> bool:
    """Whether a session's user is active with the same rights and the same wallet as before."""
    user = session.user
    return (
        user.is_active
        and user.token_version == rights_version
        and user.wallet_address == session.wallet
    )


def signing_chain_id() -> int:
    """The chain id in whose name wallets sign; the chain app, above this one, knows it."""
    chain_id: int = import_string(settings.SIGNING_CHAIN)().chain_id
    return chain_id
