"""App configuration."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """The operation log and its seals."""

    name = "apps.audit"
    verbose_name = "Audit trail"

    def ready(self) -> None:
        from apps.audit import handlers
        from apps.core.denials import access_denied

        access_denied.connect(handlers.note_denied, dispatch_uid="audit.denied")
