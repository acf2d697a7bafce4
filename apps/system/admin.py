"""Jobs with their last runs, and the health page."""

from typing import Any, cast

from auditlog.models import LogEntry
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString

from apps.core import clock, display
from apps.core.admin import ReadOnlyAdmin
from apps.core.admin_site import PaimonAdminSite
from apps.notifications import queries as notifications
from apps.system.models import TaskRun
from apps.system.queries import health, tasks

site = cast("PaimonAdminSite", admin.site)


def health_page(request: HttpRequest) -> HttpResponse:
    """Every part of the system with its state, and every scheduled task with its last run."""
    user: Any = request.user
    if not user.has_perm("system.view_health"):
        raise PermissionDenied
    at = clock.now()
    return TemplateResponse(
        request,
        "system/health.html",
        {
            **site.each_context(request),
            "title": "Health",
            "at": at,
            "health": health.health(at),
            "tasks": tasks.tasks(at),
            "failed_messages": notifications.failed_count(),
            "places": notifications.destinations(),
        },
    )


site.add_page("health/", health_page, "system_health")


@admin.register(TaskRun)
class TaskRunAdmin(ReadOnlyAdmin):
    """Every task that ever ran, scheduled or not."""

    list_display = ("name", "started", "succeeded", "failed", "error")
    search_fields = ("name",)
    list_filter_submit = False

    @admin.display(description="last started", ordering="last_started_at")
    def started(self, run: TaskRun) -> SafeString:
        return display.when(run.last_started_at)

    @admin.display(description="last succeeded", ordering="last_succeeded_at")
    def succeeded(self, run: TaskRun) -> SafeString:
        return display.when(run.last_succeeded_at, reason="Never")

    @admin.display(description="last failed", ordering="last_failed_at")
    def failed(self, run: TaskRun) -> SafeString:
        return display.when(run.last_failed_at, reason="Never")

    @admin.display(description="error")
    def error(self, run: TaskRun) -> str:
        return run.last_error[:120]


admin.site.unregister(LogEntry)


@admin.register(LogEntry)
class FieldChangeAdmin(ReadOnlyAdmin):
    """What django-auditlog noted, field by field; the operation log is the authority."""

    list_display = ("timestamp", "actor", "action", "content_type", "object_repr")
    list_filter = ("action", "content_type")
    search_fields = ("object_repr", "object_pk")
    list_select_related = ("actor", "content_type")
