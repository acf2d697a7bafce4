"""App configuration."""

from django.apps import AppConfig


class RiskConfig(AppConfig):
    """Indicators, level, risk events, incidents, forecasts."""

    name = "apps.risk"
    verbose_name = "Risk"
