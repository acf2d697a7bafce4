"""Messages that carry reports, or say that there is none."""

from apps.notifications.operations import notify
from apps.notifications.rules import Severity
from apps.reports import queries as reports
from apps.reports.events import ReportFailed, ReportReady

from .links import admin_link


def send_report(fact: ReportReady) -> None:
    """To its subscribers and to whoever asked for it, with the files attached."""
    run = reports.run(fact.run_id)
    to = reports.recipients(fact.run_id)
    notify(
        kind="REPORT_READY",
        dedupe_key=f"report:{run.pk}:ready",
        roles=to.roles,
        addresses=to.addresses,
        user_ids=to.user_ids,
        subject=f"{reports.title(run)} is ready",
        body="As PDF and XLSX: attached to the email, and on its page."
        + ("\n\nSome data was missing; the report says which." if run.missing_count else ""),
        details=[
            *reports.key_figures(run),
            ("Period", reports.period_text(run)),
            ("Report", f"#{run.pk}"),
        ],
        link=admin_link("reports_reportrun_change", run.pk),
        link_text="Open the report",
        severity=Severity.INFO,
        attachments=[{"run_id": run.pk, "format": fmt} for fmt in ("pdf", "xlsx")],
        at=fact.at,
    )


def tell_failed_report(fact: ReportFailed) -> None:
    """To administrators and to whoever asked for it."""
    run = reports.run(fact.run_id)
    notify(
        kind="REPORT_FAILED",
        dedupe_key=f"report:{run.pk}:failed:{run.attempts}",
        roles=["ADMIN"],
        user_ids=reports.recipients(fact.run_id).user_ids,
        subject=f"{reports.title(run)} could not be made",
        body="A person can have it made again from the list of reports.",
        details=[("Period", reports.period_text(run)), ("Error", fact.error)],
        link=admin_link("reports_reportrun_change", run.pk),
        link_text="Open the report",
        severity=Severity.WARNING,
        at=fact.at,
    )
