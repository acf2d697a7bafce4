"""What the query string of the list may say."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request

from apps.core.api import PeriodSerializer
from apps.redemptions import queries
from apps.redemptions.rules import Status

ADDRESS = r"^0x[0-9a-fA-F]{40}$"

PARAMETERS = [
    OpenApiParameter("status", OpenApiTypes.STR, enum=[str(item) for item in Status]),
    OpenApiParameter("channel", OpenApiTypes.STR, enum=list(queries.CHANNELS)),
    OpenApiParameter("owner", OpenApiTypes.STR, description="The holder's address."),
    OpenApiParameter(
        "startDate",
        OpenApiTypes.STR,
        description="Requested from this day (2026-03-01) or instant (2026-03-01T08:00:00Z), UTC.",
    ),
    OpenApiParameter(
        "endDate",
        OpenApiTypes.STR,
        description="Requested up to this day, itself included, or before this instant; UTC.",
    ),
]


class _Filter(PeriodSerializer):
    status = serializers.ChoiceField([str(item) for item in Status], required=False)
    channel = serializers.ChoiceField(list(queries.CHANNELS), required=False)
    owner = serializers.RegexField(
        ADDRESS,
        required=False,
        error_messages={"invalid": "Must be an address: 0x and 40 hexadecimal digits."},
    )


_LOOKUPS = {"start_date": "requested_at__gte", "end_date": "requested_at__lt"}


def lookups(request: Request) -> dict[str, Any]:
    """The query string as lookups on redemptions.

    Raises:
        ValidationError: by field, where a value makes no sense.
    """
    asked = {
        name: request.query_params[parameter]
        for name, parameter in (
            ("status", "status"),
            ("channel", "channel"),
            ("owner", "owner"),
            ("start_date", "startDate"),
            ("end_date", "endDate"),
        )
        if parameter in request.query_params
    }
    read = _Filter(data=asked)
    read.is_valid(raise_exception=True)
    return {_LOOKUPS.get(name, name): value for name, value in read.validated_data.items()}
