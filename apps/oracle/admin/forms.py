"""What people type about a source, as the operation takes it."""

from django.http import HttpRequest

from apps.core.errors import Invalid
from apps.oracle.rules.sources import SourceTerms


class NotANumber(Invalid):
    """Seconds are a whole number."""


def terms_from(request: HttpRequest, *, kind: str, active: bool) -> SourceTerms:
    """The terms in a form; fields that another kind has do not count.

    Raises:
        NotANumber.
    """
    of_http = kind == "HTTP"
    return SourceTerms(
        kind=kind,
        address=_text(request, "address").lower() if kind == "AGGREGATOR" else "",
        url=_text(request, "url") if of_http else "",
        price_path=_text(request, "price_path") if of_http else "",
        time_path=_text(request, "time_path") if of_http else "",
        stale_after_seconds=_seconds(request),
        active=active,
    )


def _text(request: HttpRequest, name: str) -> str:
    return request.POST.get(name, "").strip()


def _seconds(request: HttpRequest) -> int:
    given = _text(request, "stale_after_seconds")
    if not given.isascii() or not given.isdecimal() or len(given) > 9:
        raise NotANumber("Give the seconds that a figure counts for as a whole number.")
    return int(given)
