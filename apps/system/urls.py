"""Probes and the system's REST endpoints; included at the root."""

from django.urls import path

from apps.system.api import probes, views

urlpatterns = [
    path("livez", probes.livez, name="livez"),
    path("readyz", probes.readyz, name="readyz"),
    path("api/v1/system/health", views.HealthView.as_view(), name="system-health"),
    path("api/v1/system/config", views.ConfigurationView.as_view(), name="system-config"),
]
