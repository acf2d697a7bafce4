"""The base of every admin page: lists that stay quick, and nothing that can be changed by default.

Rows are written by operations. An admin that may add, change or delete rows says so by name, and
the person needs Django's permission as well.
"""

from collections.abc import Callable
from typing import Any, ClassVar

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from unfold.admin import ModelAdmin as UnfoldModelAdmin

from apps.core.errors import Refused


class ModelAdmin(UnfoldModelAdmin):
    """Unfold's admin; only what ``allowed`` names ("add", "change", "delete") is possible."""

    allowed: ClassVar[frozenset[str]] = frozenset()

    list_per_page = 25
    list_max_show_all = 100
    list_fullwidth = True
    list_filter_submit = True
    show_full_result_count = False
    warn_unsaved_form = True

    def has_add_permission(self, request: HttpRequest) -> bool:
        return "add" in self.allowed and bool(super().has_add_permission(request))

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return "change" in self.allowed and bool(super().has_change_permission(request, obj))

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return "delete" in self.allowed and bool(super().has_delete_permission(request, obj))

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        # Django lets "change" stand for "view", even where this admin changes nothing.
        return bool(super().has_view_permission(request, obj))


class ReadOnlyAdmin(ModelAdmin):
    """Rows to look at; a subclass cannot open them for writing by accident."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if cls.allowed:
            raise TypeError(f"{cls.__name__} is read-only and cannot allow {sorted(cls.allowed)}")


def carry_out(
    request: HttpRequest,
    *,
    permission: str,
    back_to: tuple[str, int | str | None],
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
