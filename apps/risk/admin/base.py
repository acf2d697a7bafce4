"""What the pages of risk share: their shell, the rights they ask for, and the tones of a phase."""

from typing import Any, cast

from django.contrib import admin
from django.http import HttpRequest
from django.template.response import TemplateResponse

from apps.core.admin_site import PaimonAdminSite

site = cast("PaimonAdminSite", admin.site)

VIEW = "risk.view_assessment"
ANSWER = "risk.answer_riskevent"
PROPOSE = "risk.propose_policy"
EXPORT = "risk.export_riskevent"
OPEN_INCIDENT = "risk.open_incident"
WORK_INCIDENT = "risk.work_incident"

PHASE_TONES = {
    "ALARM": "bad",
    "LIQUIDITY": "bad",
    "PEOPLE": "bad",
    "RECOVERY": "warn",
    "CLOSED": "neutral",
}


def show(request: HttpRequest, name: str, title: str, context: dict[str, Any]) -> TemplateResponse:
    """A page of risk within the admin's shell."""
    common = {**site.each_context(request), "title": title}
    return TemplateResponse(request, f"admin/risk/{name}.html", {**common, **context})
