"""How risky the fund stands, as the app that judges it last said."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class RiskLevel(models.TextChoices):
    """From nothing at warning to an emergency."""

    NORMAL = "NORMAL", _("Normal")
    ELEVATED = "ELEVATED", _("Elevated")
    HIGH = "HIGH", _("High")
    CRITICAL = "CRITICAL", _("Critical")


class RiskState(models.Model):
    """The one row that says the level, and the readings it came from, as of ``as_of``.

    It is a conclusion that an upper app wrote down here, so that lower ones can act on it; whether
    it is still fresh, who reads it decides.
    """

    level = models.CharField(max_length=8, choices=RiskLevel.choices)
    readings = models.JSONField(default=dict, help_text="{indicator: value as text}")
    as_of = models.DateTimeField(help_text="When the figures were true")
    written_at = models.DateTimeField()

    class Meta:
        verbose_name = "risk level"
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(id=1), name="riskstate_is_one"),
        ]

    def __str__(self) -> str:
        return f"{self.get_level_display()} as of {self.as_of:%Y-%m-%d %H:%M} UTC"
