"""REST paths of rebalancing, below /api/v1/."""

from django.urls import path

from apps.rebalance.api import views

urlpatterns = [
    path("rebalance/status", views.StatusView.as_view(), name="rebalance-status"),
    path("rebalance/history", views.HistoryView.as_view(), name="rebalance-history"),
    path("rebalance/preview", views.PreviewPlanView.as_view(), name="rebalance-preview"),
    path("rebalance/execute", views.ExecuteView.as_view(), name="rebalance-execute"),
    path("rebalance/plans/<int:plan_id>", views.PlanDetailView.as_view(), name="rebalance-plan"),
    path(
        "rebalance/plans/<int:plan_id>/cancel",
        views.CancelPlanView.as_view(),
        name="rebalance-plan-cancel",
    ),
    path(
        "rebalance/plans/<int:plan_id>/reverse",
        views.ReversePlanView.as_view(),
        name="rebalance-plan-reverse",
    ),
]
