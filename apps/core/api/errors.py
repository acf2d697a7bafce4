"""From what a view raised to the error envelope. What is not understood goes on to handler500."""

import math
from typing import Any

import redis
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import InterfaceError, OperationalError
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response

from apps.core.denials import tell_denied
from apps.core.errors import Refused

from .renderer import error_envelope, request_id_of

STATUS_OF = {
    "VALIDATION_ERROR": 400,
    "AUTH_REQUIRED": 401,
    "AUTH_INVALID": 401,
    "AUTH_EXPIRED": 401,
    "FORBIDDEN": 403,
    "NOT_FOUND": 404,
    "CONFLICT": 409,
    "RATE_LIMITED": 429,
    "INTERNAL_ERROR": 500,
    "SERVICE_UNAVAILABLE": 503,
}

_FOREIGN: list[tuple[tuple[type[Exception], ...], str, str]] = [
    ((Http404,), "NOT_FOUND", "There is no such thing."),
    ((PermissionDenied,), "FORBIDDEN", "You may not do this."),
    ((RequestDataTooBig,), "VALIDATION_ERROR", "The body is too large."),
    (
        (OperationalError, InterfaceError, redis.RedisError),
        "SERVICE_UNAVAILABLE",
        "A service that we need does not answer. Try again.",
    ),
]


def exception_handler(exc: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's hook: an enveloped response, or None for what must be treated as our own fault."""
    response = _translated(exc, context.get("request"))
    if response is not None and response.data["error"]["code"] == "FORBIDDEN":
        tell_denied(context.get("request"), response.data["error"]["message"])
    return response


def _translated(exc: Exception, request: Any) -> Response | None:
    if isinstance(exc, Refused):
        return error_response(request, exc.code, exc.message, dict(exc.details))
    if isinstance(exc, DjangoValidationError):
        return error_response(
            request, "VALIDATION_ERROR", "The input makes no sense.", _validation_details(exc)
        )
    if isinstance(exc, exceptions.APIException):
        return _of_drf(request, exc)
    for classes, code, message in _FOREIGN:
        if isinstance(exc, classes):
            return error_response(request, code, message)
    return None


def error_response(
    request: Any, code: str, message: str, details: Any = None, *, status: int | None = None
) -> Response:
    """The enveloped refusal; the status follows from the code unless one is given."""
    body = error_envelope(code, message, details, request_id=request_id_of(request))
    return Response(body, status=status or STATUS_OF[code])


def _of_drf(request: Any, exc: exceptions.APIException) -> Response:
    if isinstance(exc, exceptions.ValidationError):
        return error_response(
            request, "VALIDATION_ERROR", "The input makes no sense.", _by_field(exc.detail)
        )
    if isinstance(exc, exceptions.NotAuthenticated):
        response = error_response(request, "AUTH_REQUIRED", "Sign in first.")
    elif isinstance(exc, exceptions.AuthenticationFailed):
        response = error_response(request, _authentication_code(exc), _sentence(exc))
    elif isinstance(exc, exceptions.Throttled):
        response = error_response(request, "RATE_LIMITED", "Too many requests. Slow down.")
        response["Retry-After"] = str(max(1, math.ceil(getattr(exc, "wait", None) or 1)))
    elif isinstance(exc, exceptions.PermissionDenied):
        response = error_response(request, "FORBIDDEN", _sentence(exc))
    elif isinstance(exc, exceptions.NotFound):
        response = error_response(request, "NOT_FOUND", _sentence(exc))
    elif exc.status_code < 500:  # malformed, wrong method, wrong content type
        response = error_response(
            request, "VALIDATION_ERROR", _sentence(exc), status=exc.status_code
        )
    else:
        response = error_response(
            request, "SERVICE_UNAVAILABLE", "This is not available now.", status=503
        )
    challenge = getattr(exc, "auth_header", None)
    if challenge and response.status_code == 401:
        response["WWW-Authenticate"] = challenge
    return response


def _authentication_code(exc: exceptions.AuthenticationFailed) -> str:
    return "AUTH_EXPIRED" if "expired" in str(exc.get_codes()).lower() else "AUTH_INVALID"


def _sentence(exc: exceptions.APIException) -> str:
    detail: Any = exc.detail
    if isinstance(detail, dict):
        detail = detail.get("detail", exc.default_detail)
    if isinstance(detail, list):
        detail = detail[0]
    return str(detail)


def _by_field(detail: Any) -> Any:
    return detail if isinstance(detail, dict) else {"non_field_errors": detail}


def _validation_details(exc: DjangoValidationError) -> dict[str, list[str]]:
    if hasattr(exc, "error_dict"):
        return {name: list(messages) for name, messages in exc.message_dict.items()}
    return {"non_field_errors": list(exc.messages)}
