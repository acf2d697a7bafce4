"""The REST API, version 1."""

from django.urls import include, path
from drf_spectacular.views import (
    SpectacularAPIView,
    SpectacularRedocView,
    SpectacularSwaggerSplitView,
)

urlpatterns = [
    path("", include("apps.accounts.urls")),
    path("", include("apps.fund.urls")),
    path("", include("apps.redemptions.urls")),
    path("", include("apps.rebalance.urls")),
    path("", include("apps.risk.urls")),
    path("", include("apps.approvals.urls")),
    path("", include("apps.reports.urls")),
    path("", include("apps.notifications.urls")),
    path("schema", SpectacularAPIView.as_view(), name="schema"),
    path("docs", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="docs"),
    path("redoc", SpectacularRedocView.as_view(url_name="schema"), name="redoc"),
]
