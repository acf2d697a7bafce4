"""Every answer in its envelope, in camelCase."""

from collections.abc import Mapping
from typing import Any

from rest_framework.renderers import JSONRenderer

from apps.core import clock

from .camel import camelised


class EnvelopeRenderer(JSONRenderer):
    """Wraps what a view returns as ``data``; errors arrive wrapped by the exception handler."""

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        context = renderer_context or {}
        response = context.get("response")
        if response is not None and response.status_code == 204:
            return b""
        if response is None or response.status_code < 400:
            data = envelope(data, request_id_of(context.get("request")))
        rendered: bytes = super().render(camelised(data), accepted_media_type, renderer_context)
        return rendered


def envelope(data: Any, request_id: str) -> dict[str, Any]:
    """A success: ``{"success": true, "data", "timestamp", "request_id"}``."""
    return {"success": True, "data": data, **_stamp(request_id)}


def error_envelope(
    code: str, message: str, details: Any = None, *, request_id: str
) -> dict[str, Any]:
    """A failure: ``{"success": false, "error": {"code", "message", "details"}, …}``."""
    return {
        "success": False,
        "error": {"code": code, "message": message, "details": details or {}},
        **_stamp(request_id),
    }


def request_id_of(request: Any) -> str:
    """The id that the middleware gave to a Django or DRF request."""
    return str(getattr(request, "request_id", ""))


def _stamp(request_id: str) -> dict[str, str]:
    timestamp = clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"timestamp": timestamp, "request_id": request_id}
