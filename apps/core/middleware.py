"""Gives every request an id that logs, answers and the audit trail share."""

import re
import uuid
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from apps.core.api.handlers import bad_request

_SAFE_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


class RequestIdMiddleware:
    """Sets ``request.request_id`` and answers with it in ``X-Request-ID``.

    An id that came in is kept only if it is short and harmless, since it ends up in logs. An
    address with a NUL character is refused: no row has one, and PostgreSQL cannot be asked for it.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        came_in = request.headers.get("X-Request-ID", "")
        request_id = came_in if _SAFE_ID.fullmatch(came_in) else str(uuid.uuid4())
        request.request_id = request_id  # type: ignore[attr-defined]
        if "\x00" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
            response = bad_request(request, ValueError("NUL in the address"))
        else:
            response = self.get_response(request)
        response["X-Request-ID"] = request_id
        return response
