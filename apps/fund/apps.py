"""App configuration."""

from django.apps import AppConfig


class FundConfig(AppConfig):
    """NAV, holders, assets, fees, snapshots."""

    name = "apps.fund"
    verbose_name = "Fund"
