"""App configuration."""

from django.apps import AppConfig


class CoreConfig(AppConfig):
    """Shared building blocks; it owns no tables."""

    name = "apps.core"
    verbose_name = "Core"
