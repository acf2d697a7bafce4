"""Single-use numbers that make each signature worth one use."""

from django.conf import settings
from django.db import models

from apps.core.fields import HashField


class Nonce(models.Model):
    """Thirty-two bytes that one signature may carry, once, for one purpose, for a short time.

    The server hands them out for votes and sign-ins; for signed REST requests the client chooses
    them, and the row is written when it is used.
    """

    value = HashField(primary_key=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        help_text="Empty before the person is known, at sign-in",
    )
    purpose = models.CharField(max_length=120)
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()
        indexes = [models.Index(fields=["expires_at"], name="accounts_nonce_by_expiry")]

    def __str__(self) -> str:
        return f"{self.purpose} {self.value}"
