"""Who receives which report."""

from django.contrib import admin

from apps.core.admin import ReadOnlyAdmin
from apps.reports.models import ReportSubscription


@admin.register(ReportSubscription)
class ReportSubscriptionAdmin(ReadOnlyAdmin):
    """Receivers by role or address."""

    list_display = ("kind", "role", "address")
    list_filter = ("kind",)
