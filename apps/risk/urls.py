"""REST paths of risk, below /api/v1/."""

from django.urls import path

from apps.risk.api import event_views, incident_views, views

urlpatterns = [
    path("risk/status", views.StatusView.as_view(), name="risk-status"),
    path("risk/liquidity-forecast", views.ForecastView.as_view(), name="risk-forecast"),
    path("risk/metrics/history", views.HistoryView.as_view(), name="risk-metrics-history"),
    path("risk/events", event_views.EventsView.as_view(), name="risk-events"),
    path("risk/events/<int:event_id>", event_views.EventView.as_view(), name="risk-event"),
    path(
        "risk/events/<int:event_id>/acknowledge",
        event_views.AcknowledgeView.as_view(),
        name="risk-event-acknowledge",
    ),
    path(
        "risk/events/<int:event_id>/snooze",
        event_views.SnoozeView.as_view(),
        name="risk-event-snooze",
    ),
    path(
        "risk/events/<int:event_id>/resolve",
        event_views.ResolveView.as_view(),
        name="risk-event-resolve",
    ),
    path("risk/incidents", incident_views.IncidentsView.as_view(), name="risk-incidents"),
    path(
        "risk/incidents/<int:incident_id>",
        incident_views.IncidentView.as_view(),
        name="risk-incident",
    ),
    path("risk/emergency", incident_views.EmergencyView.as_view(), name="risk-emergency"),
]
