"""App configuration."""

from django.apps import AppConfig


class ReportsConfig(AppConfig):
    """Reports as PDF, XLSX and JSON."""

    name = "apps.reports"
    verbose_name = "Reports"
