"""The root of every refusal: a named error with a sentence, translated once at the door."""

from collections.abc import Mapping
from typing import Any, ClassVar


class Refused(Exception):
    """An operation will not do what was asked, and nothing was changed.

    Subclasses live beside the function that raises them and set ``code`` to the API's word:
    CONFLICT (409), FORBIDDEN (403), NOT_FOUND (404), VALIDATION_ERROR (400),
    SERVICE_UNAVAILABLE (503) or AUTH_INVALID (401).
    """

    code: ClassVar[str] = "CONFLICT"

    def __init__(self, message: str, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.details: Mapping[str, Any] = details


class NotFound(Refused):
    """There is no such thing, or not for this person."""

    code = "NOT_FOUND"


class NotAllowed(Refused):
    """The person may not do this."""

    code = "FORBIDDEN"


class Invalid(Refused):
    """The input makes no sense."""

    code = "VALIDATION_ERROR"


class Unavailable(Refused):
    """Something we depend on does not answer; try later."""

    code = "SERVICE_UNAVAILABLE"
