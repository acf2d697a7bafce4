"""Sending again and dismissing, many messages at once: first what will happen, then what did."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from apps.core import clock
from apps.core.actor import Actor
from apps.core.admin import ReadOnlyAdmin
from apps.core.errors import Refused
from apps.notifications import operations
from apps.notifications.models import Notification
from apps.notifications.rules import Status

ROWS_MAX = 200
VERBS: Mapping[str, Any] = {"resend": operations.resend, "dismiss": operations.dismiss}
DONE = {"resend": "will be sent again", "dismiss": "was dismissed"}
_TITLES = {"resend": "Send again", "dismiss": "Dismiss"}


@dataclass(frozen=True, slots=True)
class _Result:
    row: Notification
    done: bool
    words: str


def mend_many(
    page: ReadOnlyAdmin, request: HttpRequest, rows: QuerySet[Notification], *, verb: str
) -> HttpResponse:
    """The page between: of the chosen messages those that failed, and after POST each one's end."""
    chosen = rows.count()
    failed = list(
        rows.filter(status=Status.FAILED.value)
        .select_related("recipient")
        .order_by("id")[:ROWS_MAX]
    )
    context: dict[str, Any] = {
        "verb": verb,
        "rows": failed,
        "left_out": chosen - len(failed),
        "action": f"{verb}_failed",
        "checkbox_name": ACTION_CHECKBOX_NAME,
    }
    if request.POST.get("sure") == "yes":
        context["results"] = _mend(failed, verb, Actor.of_request(request))
    shell = {**page.admin_site.each_context(request), "opts": page.opts, "title": _TITLES[verb]}
    return TemplateResponse(request, "admin/notifications/mend_many.html", {**shell, **context})


def _mend(rows: list[Notification], verb: str, actor: Actor) -> list[_Result]:
    results = []
    for row in rows:
        try:
            VERBS[verb](notification_id=row.pk, actor=actor, at=clock.now())
        except Refused as refusal:
            results.append(_Result(row, done=False, words=refusal.message))
        else:
            results.append(_Result(row, done=True, words=f"It {DONE[verb]}."))
    return results
