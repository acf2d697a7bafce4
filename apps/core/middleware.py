"""Gives every request an id that logs, answers and the audit trail share."""

import re
import uuid
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

_SAFE_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


class RequestIdMiddleware:
    """Sets ``request.request_id`` and answers with it in ``X-Request-ID``.

    An id that came in is kept only if it is short and harmless, since it ends up in logs.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        came_in = request.headers.get("X-Request-ID", "")
        request_id = came_in if _SAFE_ID.fullmatch(came_in) else str(uuid.uuid4())
        request.request_id = request_id  # type: ignore[attr-defined]
        response = self.get_response(request)
        response["X-Request-ID"] = request_id
        return response
