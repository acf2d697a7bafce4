"""Sign-ins through REST: the family of tokens that stem from one wallet signature."""

import uuid

from django.conf import settings
from django.db import models

from apps.core.fields import AddressField


class ApiSession(models.Model):
    """One sign-in. Its access tokens live while it does; its refresh token is replaced at each use.

    A refresh token whose number is not the one expected was used before: somebody has a copy, and
    the whole session ends.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="api_sessions"
    )
    wallet = AddressField()
    expected_refresh_id = models.UUIDField()
    started_at = models.DateTimeField()
    refreshed_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    revoked_because = models.CharField(max_length=40, blank=True)

    class Meta:
        default_permissions = ()
        indexes = [models.Index(fields=["expires_at"], name="accounts_session_by_expiry")]

    def __str__(self) -> str:
        return str(self.id)
