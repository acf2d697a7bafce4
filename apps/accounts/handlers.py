"""What Django tells by signals: sign-ins through the admin, and the end of a migration."""

from typing import Any

from django.apps import AppConfig
from django.http import HttpRequest

from apps.accounts.models import User
from apps.accounts.operations.roles import give_roles_their_permissions as make_roles_equal
from apps.accounts.rules.roles import ROLES
from apps.audit.operations import record
from apps.core import clock
from apps.core.actor import Actor

_APPS_WITH_ROLES = {
    permission.partition(".")[0] for permissions in ROLES.values() for permission in permissions
}


def note_sign_in(*, user: User, request: HttpRequest | None = None, **_signal: Any) -> None:
    """Record that somebody signed in, and whether with their second factor."""
    second_factor = getattr(user, "otp_device", None) is not None
    _note("auth.sign_in", user, request, after={"door": "admin", "second_factor": second_factor})


def note_sign_out(*, user: User | None, request: HttpRequest | None = None, **_signal: Any) -> None:
    """Record that somebody signed out."""
    if user is not None:
        _note("auth.sign_out", user, request, after={"door": "admin"})


def note_failed_sign_in(
    *, credentials: dict[str, Any], request: HttpRequest | None = None, **_signal: Any
) -> None:
    """Record a refused sign-in with the name that was tried; the password never gets here."""
    name = str(credentials.get("username", ""))[:150]
    record(
        actor=_actor(request, kind="user", name=name),
        action="auth.sign_in",
        object_type="user",
        object_id=name,
        after={"door": "admin"},
        result="REFUSED",
        level="MEDIUM",
        at=clock.now(),
    )


def give_roles_their_permissions(*, app_config: AppConfig, **_signal: Any) -> None:
    """After an app's migrations: give the roles what the table says about that app."""
    if app_config.label in _APPS_WITH_ROLES:
        make_roles_equal(app_config.label)


def _note(action: str, user: User, request: HttpRequest | None, *, after: dict[str, Any]) -> None:
    actor = _actor(
        request,
        kind="user",
        name=user.username,
        user_id=user.pk,
        role=", ".join(sorted(user.role_names)),
        wallet=user.wallet_address or "",
    )
    record(
        actor=actor,
        action=action,
        object_type="user",
        object_id=str(user.pk),
        after=after,
        level="LOW",
        at=clock.now(),
    )


def _actor(request: HttpRequest | None, **who: Any) -> Actor:
    if request is None:
        return Actor(**who)
    return Actor(
        **who,
        ip=request.META.get("REMOTE_ADDR", ""),
        user_agent=request.META.get("HTTP_USER_AGENT", "")[:300],
        request_id=getattr(request, "request_id", ""),
    )
