"""App configuration."""

from django.apps import AppConfig


class OracleConfig(AppConfig):
    """Price sources, quotes, agreed prices."""

    name = "apps.oracle"
    verbose_name = "Oracle"
