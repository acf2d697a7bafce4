"""App configuration."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """The operation log and its seals."""

    name = "apps.audit"
    verbose_name = "Audit trail"
