"""“What I am told”: how a person hears of each group of messages."""

from typing import Any, cast

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from apps.core import clock
from apps.core.actor import Actor
from apps.core.admin_site import PaimonAdminSite
from apps.notifications import operations, queries
from apps.notifications.rules import EmailChoice

site = cast("PaimonAdminSite", admin.site)

_CHOICES = [
    (EmailChoice.IMMEDIATE.value, "At once"),
    (EmailChoice.DIGEST.value, "Once a day"),
    (EmailChoice.OFF.value, "Never"),
]


@require_http_methods(["GET", "HEAD", "POST"])
def preferences_page(request: HttpRequest) -> HttpResponse:
    """Show the choices of the signed-in person (GET), keep them (POST)."""
    user: Any = request.user
    if request.method == "POST":
        return _keep(request, user.pk)
    return TemplateResponse(
        request,
        "admin/notifications/preferences.html",
        {
            **site.each_context(request),
            "title": "What I am told",
            "preferences": queries.preferences(user.pk),
            "choices": _CHOICES,
            "email": user.email,
            "places": [place for place in queries.destinations() if place.address],
        },
    )


def _keep(request: HttpRequest, user_id: int) -> HttpResponse:
    known = {choice.value for choice in EmailChoice}
    groups = queries.preferences(user_id)
    chosen = {group.topic_group: request.POST.get(f"email_{group.topic_group}") for group in groups}
    if not known.issuperset(value or "" for value in chosen.values()):
        return HttpResponseBadRequest("A choice is missing or is none of those offered.")
    for group in groups:
        operations.set_preference(
            user_id=user_id,
            topic_group=group.topic_group,
            email=EmailChoice(str(chosen[group.topic_group])),
            in_app=f"in_app_{group.topic_group}" in request.POST,
            actor=Actor.of_request(request),
            at=clock.now(),
        )
    messages.success(request, "Your choices are kept.")
    return HttpResponseRedirect(reverse("admin:notifications_preferences"))


site.add_page("messages/preferences/", preferences_page, "notifications_preferences")
