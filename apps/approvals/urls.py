"""REST paths of tickets, below /api/v1/."""

from django.urls import path

from apps.approvals.api import views

urlpatterns = [
    path("approvals", views.TicketsView.as_view(), name="approvals"),
    path("approvals/<int:ticket_id>", views.TicketView.as_view(), name="approval"),
    path(
        "approvals/<int:ticket_id>/audit-logs",
        views.AuditLogsView.as_view(),
        name="approval-audit-logs",
    ),
    path(
        "approvals/<int:ticket_id>/vote-payload",
        views.VotePayloadView.as_view(),
        name="approval-vote-payload",
    ),
    path("approvals/<int:ticket_id>/approve", views.ApproveView.as_view(), name="approval-approve"),
    path("approvals/<int:ticket_id>/reject", views.RejectView.as_view(), name="approval-reject"),
    path("approvals/<int:ticket_id>/cancel", views.CancelView.as_view(), name="approval-cancel"),
]
