"""The base of every admin page: lists that stay quick, and nothing that can be changed by default.

Rows are written by operations. An admin that may add, change or delete rows says so by name, and
the person needs Django's permission as well.
"""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from django.contrib import messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBadRequest,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
)
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.admin import ModelAdmin as UnfoldModelAdmin

from apps.core import clock, exports
from apps.core.actor import Actor
from apps.core.denials import tell_denied
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

    def beside(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        """What the page of a row shows beside its fields: the context of its templates."""
        return {}

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        *args: Any,
        obj: Model | None = None,
        **kwargs: Any,
    ) -> HttpResponse:
        if obj is not None:
            context = {**context, **self.beside(request, obj)}
        page: HttpResponse = super().render_change_form(request, context, *args, obj=obj, **kwargs)
        return page


class EnrichedAdmin(ReadOnlyAdmin):
    """Rows to look at, with figures from elsewhere put on them, once for a whole page."""

    def enrich(self, rows: Sequence[Any]) -> None:
        """Put on the rows what their columns show that is not the rows' own."""

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        changelist: ChangeList = super().get_changelist_instance(request)
        changelist.result_list = list(changelist.result_list)
        self.enrich(changelist.result_list)
        return changelist

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Model | None:
        row: Model | None = super().get_object(request, object_id, from_field)
        if row is not None:
            self.enrich([row])
        return row


class PageAdmin(ReadOnlyAdmin):
    """Rows to look at, each on a page of its own where Django would show a form."""

    def page(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The page of one row, asked for by somebody who may look at rows.

        Raises:
            Http404: there is no such row.
        """
        raise NotImplementedError

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        if not self.has_view_permission(request):
            raise PermissionDenied
        return self.page(request, object_id)

    def show(
        self, request: HttpRequest, template: str, title: str, context: dict[str, Any]
    ) -> TemplateResponse:
        """A page within the admin's shell."""
        shell = {**self.admin_site.each_context(request), "opts": self.opts, "title": title}
        return TemplateResponse(request, template, {**shell, **context})


def require(request: HttpRequest, permission: str) -> None:
    """Refuse who may not.

    Raises:
        PermissionDenied: the person's roles do not have this permission.
    """
    user: Any = request.user
    if not user.has_perm(permission):
        raise PermissionDenied


def why_not(request: HttpRequest, permission: str, words: str) -> str:
    """Why this person cannot use a button: the words; empty when they can."""
    user: Any = request.user
    return "" if user.has_perm(permission) else words


def number_in_path(object_id: str) -> int:
    """A row's number as it stands in a page's address.

    Raises:
        Http404: it is none that a row could have.
    """
    if not (object_id.isascii() and object_id.isdigit() and len(object_id) < 19):
        raise Http404
    return int(object_id)


def export_list(
    page: ReadOnlyAdmin,
    request: HttpRequest,
    *,
    permission: str,
    file_format: str,
    export: Callable[..., HttpResponse],
    back_to: str,
) -> HttpResponse:
    """The list as it is narrowed, as a file: ``export(rows, file_format, query, actor, at)``.

    Raises:
        PermissionDenied: the person may not.
        Http404: no such format.
    """
    require(request, permission)
    if file_format not in exports.FORMATS:
        raise Http404
    try:
        return export(
            page.get_changelist_instance(request).queryset,
            file_format,
            query=request.GET.urlencode(),
            actor=Actor.of_request(request),
            at=clock.now(),
        )
    except IncorrectLookupParameters:
        return HttpResponseBadRequest("The list cannot be narrowed like that.")
    except Refused as refusal:
        messages.error(request, refusal.message)
        return HttpResponseRedirect(reverse(back_to))


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
    require(request, permission)
    try:
        done = act()
    except Refused as refusal:
        if refusal.code == "FORBIDDEN":
            tell_denied(request, refusal.message)
        messages.error(request, refusal.message)
    else:
        messages.success(request, done)
    name, key = back_to
    return HttpResponseRedirect(reverse(name, args=[] if key is None else [key]))
