"""What a person chose to hear by which channel."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from apps.notifications.rules import GROUP_NAMES, EmailChoice

EMAIL_CHOICES = [
    (EmailChoice.IMMEDIATE.value, "At once"),
    (EmailChoice.DIGEST.value, "Once a day, in one mail"),
    (EmailChoice.OFF.value, "Never"),
]


class Preference(models.Model):
    """One person's choice for one group of messages; without a row: email at once, and in-app."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    topic_group = models.CharField(
        max_length=20, choices=[(group.value, name) for group, name in GROUP_NAMES.items()]
    )
    email = models.CharField(
        max_length=10, choices=EMAIL_CHOICES, default=EmailChoice.IMMEDIATE.value
    )
    in_app = models.BooleanField(default=True)

    class Meta:
        default_permissions = ()
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["user", "topic_group"], name="preference_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.topic_group}"
