"""What the pages of rebalancing share: their tones and their way to be shown."""

from typing import Any, cast

from django.contrib import admin
from django.http import HttpRequest
from django.template.response import TemplateResponse

from apps.core.admin_site import PaimonAdminSite

site = cast("PaimonAdminSite", admin.site)

TONES = {
    "DRAFT": "neutral",
    "PENDING_APPROVAL": "warn",
    "APPROVED": "info",
    "EXECUTING": "info",
    "COMPLETED": "good",
    "PARTIALLY_COMPLETED": "warn",
    "FAILED": "bad",
    "CANCELLED": "neutral",
    "EXPIRED": "neutral",
}
RISK_TONES = {"LOW": "good", "MEDIUM": "info", "HIGH": "warn", "CRITICAL": "bad"}
LEVEL_TONES = {"OK": "good", "WARNING": "warn", "CRITICAL": "bad", "UNKNOWN": "neutral"}
AIMS = {
    "LIQUIDITY": "Refill L1",
    "DEPLOY": "Deploy surplus",
    "TIERS": "Back to targets",
    "WEIGHTS": "Back to asset weights",
    "EXACT": "Exact ratios",
    "REVERSE": "Reverse of a plan",
}


def show(request: HttpRequest, name: str, title: str, context: dict[str, Any]) -> TemplateResponse:
    """A page of rebalancing within the admin's shell."""
    common = {**site.each_context(request), "title": title}
    return TemplateResponse(request, f"admin/rebalance/{name}.html", {**common, **context})
