"""Errors outside a view: JSON for the API, a calm page for people; no answer needs the database."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template import loader
from djangorestframework_camel_case.util import camelize

from apps.core.denials import tell_denied

from .renderer import error_envelope, request_id_of


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """handler400."""
    return _answer(request, 400, "VALIDATION_ERROR", "The request makes no sense.")


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """handler403."""
    tell_denied(request, str(exception) or "You may not see or do this.")
    return _answer(request, 403, "FORBIDDEN", "You may not see or do this.")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """handler404."""
    return _answer(request, 404, "NOT_FOUND", "There is nothing at this address.")


def server_error(request: HttpRequest) -> HttpResponse:
    """handler500: says the request's id, by which the log tells the rest."""
    return _answer(request, 500, "INTERNAL_ERROR", "Something went wrong on our side.")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001
    """CSRF_FAILURE_VIEW: usually a page that was open for too long."""
    return _answer(request, 403, "FORBIDDEN", "This page is too old. Reload it and try again.")


def _answer(request: HttpRequest, status: int, code: str, message: str) -> HttpResponse:
    request_id = request_id_of(request)
    if request.path.startswith("/api/"):
        body = camelize(error_envelope(code, message, request_id=request_id))
        return JsonResponse(body, status=status)
    page = loader.get_template("core/error.html")
    return HttpResponse(
        page.render({"status": status, "message": message, "request_id": request_id}),
        status=status,
    )
