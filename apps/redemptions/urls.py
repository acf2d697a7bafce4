"""REST paths of redemptions, below /api/v1/."""

from django.urls import path

from apps.redemptions.api import views

urlpatterns = [
    path("redemptions", views.RedemptionsView.as_view(), name="redemptions"),
    path(
        "redemptions/pending-approvals",
        views.PendingApprovalsView.as_view(),
        name="redemptions-pending-approvals",
    ),
    path("redemptions/<int:request_id>", views.RedemptionView.as_view(), name="redemption"),
    path(
        "redemptions/<int:request_id>/approve",
        views.ApproveView.as_view(),
        name="redemption-approve",
    ),
    path(
        "redemptions/<int:request_id>/reject", views.RejectView.as_view(), name="redemption-reject"
    ),
    path(
        "redemptions/<int:request_id>/settle", views.SettleView.as_view(), name="redemption-settle"
    ),
]
