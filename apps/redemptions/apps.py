"""App configuration."""

from django.apps import AppConfig


class RedemptionsConfig(AppConfig):
    """Redemption requests of the fund."""

    name = "apps.redemptions"
    verbose_name = "Redemptions"
