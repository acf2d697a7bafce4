"""What the pages' buttons share: the right, the operation, and the answer in words."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from apps.core.errors import Refused


def carry_out(
    request: HttpRequest,
    *,
    permission: str,
    back_to: tuple[str, int | None],
    act: Callable[[], str],
) -> HttpResponse:
    """Do what a button asks for and go back to its page; ``act`` returns what was done, in words.

    Raises:
        PermissionDenied: the person may not.
    """
    user: Any = request.user
    if not user.has_perm(permission):
        raise PermissionDenied
    try:
        done = act()
    except Refused as refusal:
        messages.error(request, refusal.message)
    else:
        messages.success(request, done)
    name, key = back_to
    return HttpResponseRedirect(reverse(name, args=[] if key is None else [key]))
