"""Who a REST request comes from: its access token says."""

from typing import Any

from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from apps.accounts.models import User
from apps.accounts.queries import user_from_access_token
from apps.core import clock
from apps.core.errors import Refused


class AccessTokenAuthentication(BaseAuthentication):
    """``Authorization: Bearer <access token>``; without the header nobody is signed in."""

    def authenticate(self, request: Request) -> tuple[User, Any] | None:
        """Return the token's user, or refuse with AUTH_INVALID or AUTH_EXPIRED."""
        words = get_authorization_header(request).split()
        if not words:
            return None
        if len(words) != 2 or words[0].lower() != b"bearer":
            raise AuthenticationFailed("Send Authorization: Bearer <token>", "AUTH_INVALID")
        try:
            user, _expires_at = user_from_access_token(words[1].decode("latin-1"), at=clock.now())
        except Refused as refused:
            raise AuthenticationFailed(refused.message, refused.code) from refused
        return user, None

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002 - DRF's signature
        """What a 401 says is needed."""
        return "Bearer"
