"""REST: /api/v1/notifications."""

from django.urls import path

from apps.notifications.api.views import DismissView, NotificationsView, ResendView

urlpatterns = [
    path("notifications", NotificationsView.as_view(), name="notifications"),
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
]
