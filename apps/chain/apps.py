"""App configuration."""

from django.apps import AppConfig


class ChainConfig(AppConfig):
    """Logs in, transactions out."""

    name = "apps.chain"
    verbose_name = "Chain"
