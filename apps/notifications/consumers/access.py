"""Who is at the other end of a socket, and whether they may hear a channel."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from channels.auth import get_user
from channels.db import database_sync_to_async
from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.http.request import validate_host
from django.utils.module_loading import import_string
from django_otp import DEVICE_ID_SESSION_KEY
from django_otp.models import Device

from apps.accounts.queries import user_from_access_token
from apps.notifications.rules import CHANNELS


@dataclass(frozen=True, slots=True)
class Listener:
    """A known person: how they proved it, which channels they may hear, until when."""

    user_id: int
    channels: frozenset[str]
    token: str
    expires_at: datetime | None


def origin_is_ours(origin: str) -> bool:
    """Whether a page of this origin may open a socket: the back-office's own address.

    That is the scheme and port of BASE_URL with its host or another allowed one. A wildcard among
    the allowed hosts does not count.
    """
    try:
        page, ours = urlsplit(origin), urlsplit(settings.BASE_URL)
        page_port, our_port = page.port, ours.port
    except ValueError:
        return False
    hosts = [ours.hostname or "", *(host for host in settings.ALLOWED_HOSTS if host != "*")]
    return (
        (page.scheme, page_port) == (ours.scheme, our_port)
        and page.hostname is not None
        and validate_host(page.hostname, hosts)
    )


@database_sync_to_async
def listener_of_token(token: str, at: datetime) -> Listener:
    """Who an access token belongs to.

    Raises:
        apps.core.errors.Refused: the token is no (longer) good.
    """
    user, expires_at = user_from_access_token(token, at=at)
    return Listener(user.pk, _channels_of(user), token, expires_at)


async def listener_of_session(scope: Mapping[str, Any]) -> Listener | None:
    """The member of staff of an admin session that passed the second factor, or None.

    The session is read anew each time, so that signing out ends what was open.
    """
    key = scope["session"].session_key if scope.get("session") is not None else None
    if not key:
        return None
    store: type[SessionBase] = import_string(f"{settings.SESSION_ENGINE}.SessionStore")
    session = store(key)
    user = await get_user({"session": session})
    found: Listener | None = await _staff(user, session)
    return found


@database_sync_to_async
def _staff(user: Any, session: SessionBase) -> Listener | None:
    if not (user.is_authenticated and user.is_active and user.is_staff):
        return None
    persistent_id = session.get(DEVICE_ID_SESSION_KEY)
    device = Device.from_persistent_id(persistent_id) if persistent_id else None
    if device is None or device.user_id != user.pk or not device.confirmed:
        return None
    return Listener(user.pk, _channels_of(user), "", None)


def _channels_of(user: Any) -> frozenset[str]:
    return frozenset(name for name, permission in CHANNELS.items() if user.has_perm(permission))
