"""Signing in to REST with a wallet (EIP-4361), and the tokens that follow."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from abnf import ParseError
from django.conf import settings
from django.db import transaction
from siwe import ISO8601Datetime, SiweMessage, VerificationError

from apps.accounts.models import ApiSession, User
from apps.accounts.operations.signatures import (
    BadSignature,
    consume_sign_in_nonce,
    issue_nonce,
    sign_in_purpose,
)
from apps.accounts.queries import owner_of_wallet, signing_chain_id
from apps.accounts.queries.tokens import InvalidToken, read, session_key, stands
from apps.accounts.rules import signatures, tokens
from apps.audit.operations import record
from apps.core.actor import Actor
from apps.core.errors import Refused

_STATEMENT = "Sign in to the Paimon back-office. This costs nothing and moves nothing."
MESSAGE_CHARACTERS_MAX = 2000


class SignInRefused(Refused):
    """The signed message is not our challenge, not fresh, or not by a registered wallet."""

    code = "AUTH_INVALID"


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """What the wallet is asked to sign."""

    message: str
    nonce: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A fresh pair of tokens."""

    user: User
    access_token: str
    access_expires_at: datetime
    refresh_token: str
    refresh_expires_at: datetime


def start_challenge(*, wallet: str, at: datetime) -> Challenge:
    """Compose the EIP-4361 message for a wallet; known and unknown wallets get the same answer."""
    nonce = issue_nonce(user_id=None, purpose=sign_in_purpose(wallet), at=at)
    expires_at = at + timedelta(seconds=settings.SIGNATURE_TTL_SECONDS)
    message = SiweMessage(
        domain=_domain(),
        address=signatures.checksum(wallet),
        statement=_STATEMENT,
        uri=settings.BASE_URL,
        version="1",
        chain_id=signing_chain_id(),
        nonce=nonce,
        issued_at=ISO8601Datetime.from_datetime(at),
        expiration_time=ISO8601Datetime.from_datetime(expires_at),
    )
    return Challenge(message=message.prepare_message(), nonce=nonce, expires_at=expires_at)


@transaction.atomic
def sign_in_with_wallet(*, message: str, signature: str, actor: Actor, at: datetime) -> SignedIn:
    """Turn a signed challenge into a session with its first tokens.

    Raises:
        SignInRefused: changed or stale message, or no active user has this wallet.
        NonceUsed, SignatureExpired, BadSignature.
    """
    parsed = _verified(message, signature, at=at)
    wallet = parsed.address.lower()
    consume_sign_in_nonce(nonce=parsed.nonce, wallet=wallet, at=at)
    user = owner_of_wallet(wallet)
    if user is None:
        raise SignInRefused("No active user has this wallet.")
    session = ApiSession(
        user=user,
        wallet=wallet,
        started_at=at,
        refreshed_at=at,
        expires_at=at + settings.JWT_REFRESH_LIFETIME,
        expected_refresh_id=uuid.uuid4(),
    )
    session.save(force_insert=True)
    _note("auth.sign_in", session, actor, at=at)
    return _tokens(session, at=at)


def note_refused_sign_in(*, reason: str, actor: Actor, at: datetime) -> None:
    """Record a sign-in that was refused; who it was is not known."""
    record(
        actor=actor,
        action="auth.sign_in",
        object_type="user",
        object_id="",
        after={"door": "REST", "reason": reason},
        result="REFUSED",
        at=at,
    )


def refresh_session(*, refresh_token: str, actor: Actor, at: datetime) -> SignedIn:
    """Exchange a refresh token, once, for a new pair.

    A token that was used before ends its whole session, since then two parties hold it.

    Raises:
        InvalidToken, TokenExpired.
    """
    claims = read(refresh_token, kind=tokens.REFRESH, at=at)
    with transaction.atomic():
        session = _locked(session_key(claims))
        if session is None:
            raise InvalidToken("This session is over. Sign in again.")
        reason = _reason_to_end(session, claims)
        if reason:
            _revoke(session, because=reason, actor=actor, at=at)
        else:
            session.expected_refresh_id = uuid.uuid4()
            session.refreshed_at = at
            session.save(update_fields=["expected_refresh_id", "refreshed_at"])
    # Raised here and not above, because the revocation must be committed.
    if reason:
        raise InvalidToken("This token was used before or revoked. Sign in again.")
    return _tokens(session, at=at)


@transaction.atomic
def sign_out(*, refresh_token: str, actor: Actor, at: datetime) -> None:
    """End a session; its access tokens end with it.

    Raises:
        InvalidToken, TokenExpired.
    """
    claims = read(refresh_token, kind=tokens.REFRESH, at=at)
    session = _locked(session_key(claims))
    if session is not None:
        _revoke(session, because="signed out", actor=actor, at=at)


def revoke_sessions_of(*, user_id: int, because: str, actor: Actor, at: datetime) -> None:
    """End all sessions of a user, in the caller's transaction."""
    sessions = ApiSession.objects.select_for_update(of=("self",)).select_related("user")
    for session in sessions.filter(user_id=user_id, revoked_at=None).order_by("id"):
        _revoke(session, because=because, actor=actor, at=at)


def _verified(message: str, signature: str, *, at: datetime) -> SiweMessage:
    """Check that this is a challenge as we compose them, for us, fresh, and well signed."""
    try:
        signatures.canonical_signature(signature)
    except signatures.NotASignature as error:
        raise BadSignature(f"This is not a valid signature: {error}.") from error
    try:
        parsed = SiweMessage.from_message(message[:MESSAGE_CHARACTERS_MAX])
        parsed.verify(
            signature,
            domain=_domain(),
            uri=settings.BASE_URL,
            chain_id=signing_chain_id(),
            nonce=parsed.nonce,  # looked up, and used up, in the database
            timestamp=at,
            strict=True,
        )
    except VerificationError as error:
        raise SignInRefused("The signature does not fit the challenge. Start again.") from error
    except (ParseError, ValueError) as error:
        raise SignInRefused("This is not a sign-in message (EIP-4361) of ours.") from error
    if parsed.expiration_time is None:
        raise SignInRefused("This is not a sign-in message (EIP-4361) of ours.")
    return parsed


def _domain() -> str:
    return urlsplit(settings.BASE_URL).netloc


def _locked(session_id: uuid.UUID) -> ApiSession | None:
    sessions = ApiSession.objects.select_for_update(of=("self",)).select_related("user")
    return sessions.filter(pk=session_id, revoked_at=None).first()


def _reason_to_end(session: ApiSession, claims: tokens.Claims) -> str:
    if claims.token_id != str(session.expected_refresh_id):
        return "refresh token reused"
    if not stands(session, claims.rights_version):
        return "rights changed"
    return ""


def _revoke(session: ApiSession, *, because: str, actor: Actor, at: datetime) -> None:
    session.revoked_at = at
    session.revoked_because = because
    session.save(update_fields=["revoked_at", "revoked_because"])
    _note("auth.sign_out", session, actor, at=at, result=because)


def _note(
    action: str, session: ApiSession, actor: Actor, *, at: datetime, result: str = "OK"
) -> None:
    user = session.user
    who = Actor(
        kind="user",
        name=user.username,
        user_id=user.pk,
        role=", ".join(sorted(user.role_names)),
        wallet=session.wallet,
        ip=actor.ip,
        user_agent=actor.user_agent,
        request_id=actor.request_id,
    )
    record(
        actor=who,
        action=action,
        object_type="user",
        object_id=str(user.pk),
        after={"door": "REST", "session": session.pk},
        result=result,
        level="MEDIUM" if result == "refresh token reused" else "LOW",
        at=at,
    )


def _tokens(session: ApiSession, *, at: datetime) -> SignedIn:
    access_expires_at = min(at + settings.JWT_ACCESS_LIFETIME, session.expires_at)
    return SignedIn(
        user=session.user,
        access_token=_write(session, tokens.ACCESS, uuid.uuid4(), at, access_expires_at),
        access_expires_at=access_expires_at,
        refresh_token=_write(
            session, tokens.REFRESH, session.expected_refresh_id, at, session.expires_at
        ),
        refresh_expires_at=session.expires_at,
    )


def _write(
    session: ApiSession, kind: str, token_id: uuid.UUID, at: datetime, expires_at: datetime
) -> str:
    user: Any = session.user
    return tokens.write_token(
        tokens.Claims(
            kind=kind,
            user_id=user.pk,
            session_id=str(session.pk),
            rights_version=user.token_version,
            token_id=str(token_id),
            issued_at=at,
            expires_at=expires_at,
        ),
        keys=tokens.key_pair(settings.JWT_PRIVATE_KEY),
        audience=settings.JWT_AUDIENCE,
        issuer=settings.JWT_ISSUER,
    )
