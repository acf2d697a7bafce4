"""REST: /api/v1/notifications."""

from django.urls import path

from apps.notifications.api.bounces import BouncesView
from apps.notifications.api.choosing import PreferencesView
from apps.notifications.api.views import DismissView, NotificationsView, ReadView, ResendView

urlpatterns = [
    path("notifications", NotificationsView.as_view(), name="notifications"),
    path(
        "notifications/preferences",
        PreferencesView.as_view(),
        name="notification-preferences",
    ),
    path("notifications/bounces", BouncesView.as_view(), name="notification-bounces"),
    path(
        "notifications/<int:notification_id>/resend",
        ResendView.as_view(),
        name="notification-resend",
    ),
    path(
        "notifications/<int:notification_id>/dismiss",
        DismissView.as_view(),
        name="notification-dismiss",
    ),
    path(
        "notifications/<int:notification_id>/read",
        ReadView.as_view(),
        name="notification-read",
    ),
]
