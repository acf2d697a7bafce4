"""App configuration."""

from django.apps import AppConfig


class ApprovalsConfig(AppConfig):
    """Approval tickets, their rules and votes."""

    name = "apps.approvals"
    verbose_name = "Approvals"
