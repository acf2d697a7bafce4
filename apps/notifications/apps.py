"""App configuration."""

from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    """The outbox, email, WebSocket."""

    name = "apps.notifications"
    verbose_name = "Notifications"
