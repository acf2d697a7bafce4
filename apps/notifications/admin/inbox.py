"""A person's own messages: the panel behind the bell of every page, and the same as a page.

The script of the bell asks for the panel and sends its forms with ``X-Requested-With: bell``; it
gets the panel back. Without the script the same forms lead to the page.
"""

from typing import Any, cast

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBadRequest,
    HttpResponseRedirect,
    JsonResponse,
)
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from apps.core import clock
from apps.core.actor import Actor
from apps.core.admin_site import PaimonAdminSite
from apps.core.errors import Refused
from apps.notifications import operations, queries

from .mending import DONE, VERBS

site = cast("PaimonAdminSite", admin.site)
_PAGE_ROWS, _PANEL_ROWS = 50, 8
_BELL = "bell"


@require_safe
def inbox_page(request: HttpRequest) -> HttpResponse:
    """What this person was told, read or not; and what did not arrive, for those who mend it."""
    rows = queries.in_app(_user_id(request), limit=_PAGE_ROWS)
    shell = {**site.each_context(request), "title": "Messages to me"}
    return TemplateResponse(
        request, "admin/notifications/inbox.html", {**shell, **_shown(request, rows, _PAGE_ROWS)}
    )


@require_safe
def panel(request: HttpRequest) -> HttpResponse:
    """What the bell opens: what is unread."""
    return _panel(request)


@require_safe
def count(request: HttpRequest) -> JsonResponse:
    """What the badge says."""
    now = queries.bell(request.user)
    return JsonResponse({"count": now.count, "failed": now.failed, "words": now.words})


@require_POST
def read(request: HttpRequest) -> HttpResponse:
    """Mark one message read, or all."""
    asked = request.POST.get("id", "")
    if asked and not (asked.isascii() and asked.isdigit() and len(asked) < 19):
        return HttpResponseBadRequest("That is no message's number.")
    operations.mark_read(
        user_id=_user_id(request),
        notification_ids=[int(asked)] if asked else None,
        at=clock.now(),
    )
    return _answer(request)


@require_POST
def mend(request: HttpRequest, notification_id: int, verb: str) -> HttpResponse:
    """Send a message again that did not arrive, or let it be."""
    user: Any = request.user
    if verb not in VERBS:
        raise Http404
    if not user.has_perm(queries.MAY_MEND):
        raise PermissionDenied
    said = f"Message {notification_id} {DONE[verb]}."
    try:
        VERBS[verb](
            notification_id=notification_id, actor=Actor.of_request(request), at=clock.now()
        )
    except Refused as refusal:
        said = refusal.message
    return _answer(request, said)


def _answer(request: HttpRequest, said: str = "") -> HttpResponse:
    if request.headers.get("X-Requested-With") == _BELL:
        return _panel(request, said)
    if said:
        messages.info(request, said)
    return HttpResponseRedirect(reverse("admin:notifications_inbox"))


def _panel(request: HttpRequest, said: str = "") -> HttpResponse:
    rows = queries.unread(_user_id(request), limit=_PANEL_ROWS)
    context = {**_shown(request, rows, _PANEL_ROWS), "said": said, "in_panel": True}
    return TemplateResponse(request, "admin/notifications/inbox_panel.html", context)


def _shown(request: HttpRequest, rows: list[Any], failed_max: int) -> dict[str, Any]:
    user: Any = request.user
    now = queries.bell(user)
    return {
        "rows": rows,
        "bell": now,
        "failed": queries.failed(failed_max) if now.failed else [],
        "may_look": user.has_perm("notifications.view_notification"),
    }


def _user_id(request: HttpRequest) -> int:
    user: Any = request.user
    return int(user.pk)


site.add_page("messages/", inbox_page, "notifications_inbox")
site.add_page("messages/panel/", panel, "notifications_inbox_panel")
site.add_page("messages/count/", count, "notifications_inbox_count")
site.add_page("messages/read/", read, "notifications_inbox_read")
site.add_page("messages/failed/<int:notification_id>/<str:verb>/", mend, "notifications_inbox_mend")
