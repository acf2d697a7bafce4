"""REST: /api/v1/reports."""

from django.urls import path

from apps.reports.api.views import DailyReportView, DownloadView, ReportsView, ReportView

urlpatterns = [
    path("reports", ReportsView.as_view(), name="reports"),
    path("reports/daily", DailyReportView.as_view(), name="reports-daily"),
    path("reports/<int:run_id>", ReportView.as_view(), name="report"),
    path("reports/<int:run_id>/download", DownloadView.as_view(), name="report-download"),
]
