"""The admin site: a second factor for everyone, deep links that survive signing in, one search."""

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.module_loading import import_string
from django.views.decorators.cache import never_cache
from django_otp import user_has_device
from unfold.dataclasses import SearchResult
from unfold.settings import get_config
from unfold.sites import UnfoldAdminSite

SEARCH_RESULTS_MAX = 50
SEARCH_TERM_MAX = 200


class PaimonAdminSite(UnfoldAdminSite):
    """Lets in active staff whose session passed the second factor, and nobody else."""

    site_title = "Paimon"
    site_header = "Paimon Prime Fund"
    index_title = "Dashboard"
    enable_nav_sidebar = True

    def __init__(self, name: str = "admin") -> None:
        super().__init__(name)
        self._pages: list[tuple[str, Callable[..., HttpResponse], str]] = []

    def add_page(self, route: str, view: Callable[..., HttpResponse], name: str) -> None:
        """Add a page that belongs to no model, for staff with a second factor: ``admin:name``."""
        self._pages.append((route, view, name))

    def extra_urls(self) -> list[URLPattern]:
        """The added pages, for unfold."""
        return [path(route, self.admin_view(view), name=name) for route, view, name in self._pages]

    def has_permission(self, request: HttpRequest) -> bool:
        user: Any = request.user
        return bool(user.is_active and user.is_staff and user.is_verified())

    @method_decorator(never_cache)
    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The sign-in form; staff who have no second factor yet go and enrol one first."""
        target = self._target(request)
        if request.method == "GET":
            if self.has_permission(request):
                return HttpResponseRedirect(target)
            if must_enrol(request):
                query = urlencode({REDIRECT_FIELD_NAME: target})
                return HttpResponseRedirect(f"{reverse(settings.ADMIN_ENROL_URL)}?{query}")
        # Read here, since apps are not loaded yet when the site is made.
        self.login_form = import_string(settings.ADMIN_LOGIN_FORM)
        response: HttpResponse = super().login(request, extra_context)
        return response

    def search(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The command palette: asks the configured callback each time, never a cache."""
        started = time.perf_counter()
        term = (request.GET.get("s") or "").strip()[:SEARCH_TERM_MAX]
        if not term:
            return HttpResponse()
        find = import_string(get_config(self.settings_name)["COMMAND"]["search_callback"])
        results: list[SearchResult] = find(request, term)[:SEARCH_RESULTS_MAX]
        page = Paginator(results, SEARCH_RESULTS_MAX)
        template = "command_results" if "extended" in request.GET else "search_results"
        return TemplateResponse(
            request,
            f"unfold/helpers/{template}.html",
            {
                "page_obj": page,
                "results": page.page(1),
                "page_counter": 0,
                "execution_time": time.perf_counter() - started,
                "command_show_history": False,
            },
            headers={"HX-Trigger": "search"},
        )

    def _target(self, request: HttpRequest) -> str:
        asked = request.GET.get(REDIRECT_FIELD_NAME) or request.POST.get(REDIRECT_FIELD_NAME) or ""
        safe = url_has_allowed_host_and_scheme(
            asked, allowed_hosts={request.get_host()}, require_https=request.is_secure()
        )
        login = reverse("admin:login", current_app=self.name)
        index = reverse("admin:index", current_app=self.name)
        return asked if safe and not asked.startswith(login) else index


def must_enrol(request: HttpRequest) -> bool:
    """Whether this signed-in member of staff has no confirmed second factor yet."""
    user: Any = request.user
    return bool(
        user.is_authenticated and user.is_active and user.is_staff and not user_has_device(user)
    )
