"""What the OpenAPI document says of tickets beside their shape: refusals, and one for show."""

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import OpenApiResponse

_ERROR = {"$ref": "#/components/schemas/Error"}
_SIGNED_OUT = "AUTH_REQUIRED, AUTH_INVALID or AUTH_EXPIRED"

TICKET_EXAMPLE: dict[str, Any] = {
    "id": "12",
    "type": "EMERGENCY_REDEMPTION",
    "status": "PENDING",
    "referenceType": "REDEMPTION",
    "referenceId": "7",
    "requester": "0x70997970c51812dc3a010c7d01b50e0d17dc79c8",
    "amount": "31200000000000000000000",
    "currency": "USDT",
    "description": "Redemption 7: 31,200 USDT by the emergency channel",
    "createdAt": "2026-03-02T12:00:00Z",
    "slaDeadline": "2026-03-02T16:00:00Z",
    "slaRemaining": 9123,
    "requiredApprovals": 1,
    "currentApprovals": 0,
    "execution": None,
}


def errors(says: Mapping[int, str]) -> dict[int, OpenApiResponse]:
    """Refusals of an endpoint that wants a signed-in person, by status, with what each means."""
    return {
        status: OpenApiResponse(_ERROR, description=text)
        for status, text in sorted({401: _SIGNED_OUT, **says}.items())
    }
