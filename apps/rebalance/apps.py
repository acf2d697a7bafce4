"""App configuration."""

from django.apps import AppConfig


class RebalanceConfig(AppConfig):
    """Drift, plans, execution."""

    name = "apps.rebalance"
    verbose_name = "Rebalancing"
