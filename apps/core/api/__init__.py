"""The shape of every REST answer: envelope, pages, errors, strict input.

Nothing here may import ``rest_framework.views``: that module reads these classes while it loads.
"""

from .errors import error_response, exception_handler
from .fields import AmountField
from .handlers import bad_request, csrf_failure, forbidden, not_found, server_error
from .pagination import Pagination
from .parser import StrictJSONParser
from .periods import PeriodSerializer
from .permissions import HasPerm
from .renderer import EnvelopeRenderer, envelope, error_envelope

__all__ = [
    "AmountField",
    "EnvelopeRenderer",
    "HasPerm",
    "Pagination",
    "PeriodSerializer",
    "StrictJSONParser",
    "bad_request",
    "csrf_failure",
    "envelope",
    "error_envelope",
    "error_response",
    "exception_handler",
    "forbidden",
    "not_found",
    "server_error",
]
