"""The list of reports, one report, and the page that asks for one."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import action

from apps.core import clock, display
from apps.core.actor import Actor
from apps.core.admin import ReadOnlyAdmin
from apps.core.errors import Refused
from apps.reports import operations, queries
from apps.reports.document import document
from apps.reports.models import ReportRun
from apps.reports.rules import Status

from .forms import FORMS
from .screen import figures_on_screen, on_screen

TONES = {"QUEUED": "info", "RUNNING": "info", "READY": "good", "FAILED": "bad"}


@admin.register(ReportRun)
class ReportRunAdmin(ReadOnlyAdmin):
    """Reports, newest first."""

    list_display = ("name", "state", "gaps", "asked_by", "requested", "files")
    list_filter = ("kind", "status")
    actions_list = ["make_report"]
    change_form_template = "admin/reports/report.html"

    # -- List ---------------------------------------------------------------------------------

    @admin.display(description="report", ordering="period_start")
    def name(self, run: ReportRun) -> str:
        return queries.title(run)

    @admin.display(description="status", ordering="status")
    def state(self, run: ReportRun) -> SafeString:
        words = f"Running, {run.progress_percent} %" if run.status == Status.RUNNING else run.status
        return display.status_pill(words, TONES[run.status])

    @admin.display(description="data")
    def gaps(self, run: ReportRun) -> SafeString:
        if run.dataset is None:
            return display.unknown("Not made yet")
        if not run.missing_count:
            return display.status_pill("Complete", "good")
        return display.status_pill(f"{run.missing_count} missing", "warn")

    @admin.display(description="asked for by", ordering="requested_by_name")
    def asked_by(self, run: ReportRun) -> str:
        return run.requested_by_name

    @admin.display(description="requested", ordering="requested_at")
    def requested(self, run: ReportRun) -> SafeString:
        return display.when(run.requested_at)

    @admin.display(description="files")
    def files(self, run: ReportRun) -> SafeString:
        if run.dataset is None:
            return display.unknown("No files yet")
        return format_html(
            '<a class="link" href="{}">PDF</a> · <a class="link" href="{}">XLSX</a>',
            _file_url(run, "pdf"),
            _file_url(run, "xlsx"),
        )

    # -- Pages --------------------------------------------------------------------------------

    def get_urls(self) -> list[URLPattern]:
        """The list's own pages before the row's."""
        wrap = self.admin_site.admin_view
        own = [
            path("make/", wrap(self.make_view), name="reports_reportrun_make"),
            path(
                "<int:run_id>/download/<str:fmt>/",
                wrap(self.download_view),
                name="reports_reportrun_download",
            ),
        ]
        return [*own, *super().get_urls()]

    @action(description="Make a report", url_path="ask", permissions=["make"], icon="add")
    def make_report(self, request: HttpRequest) -> HttpResponse:
        """Lead to the form."""
        return HttpResponseRedirect(reverse("admin:reports_reportrun_make"))

    def has_make_permission(self, request: HttpRequest, *_args: Any) -> bool:
        """Whether the person may have reports made."""
        return bool(request.user.has_perm("reports.generate_report"))

    def beside(self, request: HttpRequest, row: ReportRun) -> dict[str, Any]:
        """One report: its figures as they are printed, and its files."""
        user: Any = request.user
        page: dict[str, Any] = {
            "run": row,
            "title": queries.title(row),
            "tone": TONES[row.status],
            "may_download": user.has_perm("reports.download_report"),
        }
        if row.dataset is not None:
            page |= {
                "document": document(row.dataset),
                "sections": on_screen(row.dataset),
                "figures": figures_on_screen(row.dataset),
                "pdf_url": _file_url(row, "pdf"),
                "xlsx_url": _file_url(row, "xlsx"),
            }
        return page

    def make_view(self, request: HttpRequest) -> HttpResponse:
        """Ask for a report: a day, any period, liquidity now, or an incident."""
        if not self.has_make_permission(request):
            raise PermissionDenied
        data = request.POST if request.method == "POST" else None
        sent = request.POST.get("form", "")
        found = {name: make(data if name == sent else None) for name, make in FORMS.items()}
        form: Any = found.get(sent)
        if form is not None and form.is_valid():
            try:
                run = form.make(Actor.of_request(request), clock.now())
            except Refused as refusal:
                form.add_error(None, refusal.message)
            else:
                messages.success(
                    request, f"{queries.title(run)} is being made; you get it by email."
                )
                return HttpResponseRedirect(
                    reverse("admin:reports_reportrun_change", args=[run.pk])
                )
        return TemplateResponse(
            request,
            "admin/reports/make.html",
            {
                **self.admin_site.each_context(request),
                "opts": self.model._meta,  # noqa: SLF001 - how Django names a model to templates
                "title": "Make a report",
                "forms": found,
            },
        )

    def download_view(self, request: HttpRequest, run_id: int, fmt: str) -> HttpResponse:
        """A file, by permission; who took it is noted."""
        user: Any = request.user
        if not user.has_perms(["reports.view_reportrun", "reports.download_report"]):
            raise PermissionDenied
        try:
            name, content_type, content = operations.download(
                run_id=run_id, fmt=fmt, actor=Actor.of_request(request), at=clock.now()
            )
        except Refused as refusal:
            messages.error(request, refusal.message)
            return HttpResponseRedirect(reverse("admin:reports_reportrun_changelist"))
        return HttpResponse(
            content,
            content_type=content_type,
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )


def _file_url(run: ReportRun, fmt: str) -> str:
    return reverse("admin:reports_reportrun_download", args=[run.pk, fmt])
