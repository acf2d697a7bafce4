"""App configuration."""

from django.apps import AppConfig


class SystemConfig(AppConfig):
    """Dashboard, health and the admin's shell."""

    name = "apps.system"
    verbose_name = "System"
