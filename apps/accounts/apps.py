"""App configuration."""

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db.models.signals import post_migrate


class AccountsConfig(AppConfig):
    """Connects what Django only tells by signals: sign-ins, and the end of a migration."""

    name = "apps.accounts"
    verbose_name = "Users and roles"

    def ready(self) -> None:
        from auditlog.registry import auditlog

        from apps.accounts import handlers
        from apps.accounts.api import schema  # noqa: F401 - tells the OpenAPI generator our scheme
        from apps.accounts.models import User, Wallet

        user_logged_in.connect(handlers.note_sign_in, dispatch_uid="accounts.sign_in")
        user_logged_out.connect(handlers.note_sign_out, dispatch_uid="accounts.sign_out")
        user_login_failed.connect(handlers.note_failed_sign_in, dispatch_uid="accounts.failed")
        post_migrate.connect(handlers.give_roles_their_permissions, dispatch_uid="accounts.roles")
        auditlog.register(User, exclude_fields=["password", "last_login"], m2m_fields={"groups"})
        auditlog.register(Wallet)
