"""What open pages should hear."""

from typing import ClassVar

from django.db import models

from apps.notifications.rules import CHANNELS


class PushMessage(models.Model):
    """Something open pages should hear. Its id is the message's ``seq``."""

    channel = models.CharField(max_length=40, choices=[(name, name) for name in CHANNELS])
    data = models.JSONField()
    created_at = models.DateTimeField()

    class Meta:
        default_permissions = ()
        indexes: ClassVar = [models.Index(fields=["created_at"], name="push_by_time")]

    def __str__(self) -> str:
        return f"{self.channel} #{self.pk}"
