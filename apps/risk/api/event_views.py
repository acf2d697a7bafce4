"""/risk/events: each view is one query or one operation."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import generics
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from apps.core import clock
from apps.core.actor import Actor
from apps.core.api import HasPerm
from apps.risk import operations, queries
from apps.risk.models import RiskEvent

from . import params, schema, serializers

_READ = HasPerm("risk.view_riskevent")
_ANSWER = HasPerm("risk.answer_riskevent")


class EventsView(generics.ListAPIView[RiskEvent]):
    """GET /risk/events."""

    permission_classes = [_READ]
    serializer_class = serializers.RiskEventRow
    queryset = queries.events()

    def get_queryset(self) -> QuerySet[RiskEvent]:
        """Newest first, narrowed."""
        return queries.events(**params.events_asked(self.request))

    def get_serializer_context(self) -> dict[str, Any]:
        """With the instant that durations are measured to."""
        return {**super().get_serializer_context(), "at": clock.now()}

    @extend_schema(
        tags=["risk"],
        summary="List risk events",
        parameters=params.EVENTS,
        responses={200: serializers.RiskEventRow(many=True), **schema.LISTED},
        examples=[OpenApiExample("L1 is short", value=schema.EVENT, response_only=True)],
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """A page of events, newest first."""
        return super().get(request, *args, **kwargs)


class EventView(APIView):
    """GET /risk/events/{id}."""

    permission_classes = [_READ]

    @extend_schema(
        tags=["risk"],
        summary="Read a risk event with its timeline and who was told",
        responses={200: serializers.RiskEventDetail, **schema.FOUND},
        examples=[OpenApiExample("L1 is short", value=schema.EVENT_DETAIL, response_only=True)],
    )
    def get(self, request: Request, event_id: int) -> Response:  # noqa: ARG002
        """One event."""
        return _detail(queries.event(event_id), at=clock.now())


class AcknowledgeView(APIView):
    """POST /risk/events/{id}/acknowledge."""

    permission_classes = [_ANSWER]

    @extend_schema(
        tags=["risk"],
        summary="Take care of a risk event: it is not told again unless it gets graver",
        request=params.AcknowledgeRequest,
        responses={200: serializers.RiskEventDetail, **schema.ANSWERED},
        examples=[
            OpenApiExample(
                "a note", value={"note": "The refill is on its way."}, request_only=True
            ),
            OpenApiExample("taken", value=schema.EVENT_ACKNOWLEDGED, response_only=True),
        ],
    )
    def post(self, request: Request, event_id: int) -> Response:
        """Acknowledge it."""
        return _answer(request, event_id, params.AcknowledgeRequest, operations.acknowledge)


class SnoozeView(APIView):
    """POST /risk/events/{id}/snooze."""

    permission_classes = [_ANSWER]

    @extend_schema(
        tags=["risk"],
        summary="Put a risk event off by a day at most, unless it gets graver",
        request=params.SnoozeRequest,
        responses={200: serializers.RiskEventDetail, **schema.ANSWERED},
        examples=[
            OpenApiExample(
                "until four",
                value={"until": "2026-03-02T16:00:00Z", "reason": "The refill settles at four."},
                request_only=True,
            ),
            OpenApiExample("put off", value=schema.EVENT_SNOOZED, response_only=True),
        ],
    )
    def post(self, request: Request, event_id: int) -> Response:
        """Snooze it."""
        return _answer(request, event_id, params.SnoozeRequest, operations.snooze)


class ResolveView(APIView):
    """POST /risk/events/{id}/resolve."""

    permission_classes = [_ANSWER]

    @extend_schema(
        tags=["risk"],
        summary="Say that a risk event is over, and how",
        description="If the next run still finds it wrong, another event opens.",
        request=params.ResolveRequest,
        responses={200: serializers.RiskEventDetail, **schema.ANSWERED},
        examples=[
            OpenApiExample("how", value={"resolution": "Refilled from L2."}, request_only=True),
            OpenApiExample("over", value=schema.EVENT_RESOLVED, response_only=True),
        ],
    )
    def post(self, request: Request, event_id: int) -> Response:
        """Resolve it."""
        return _answer(request, event_id, params.ResolveRequest, operations.resolve)


def _answer(
    request: Request,
    event_id: int,
    body_type: type[Serializer[Any]],
    operation: Callable[..., RiskEvent],
) -> Response:
    """Do what a person asks of an event; the body's fields are the operation's own arguments."""
    body = body_type(data=request.data)
    body.is_valid(raise_exception=True)
    at = clock.now()
    row = operation(
        event_id=event_id, **body.validated_data, actor=Actor.of_request(request), at=at
    )
    return _detail(row, at=at)


def _detail(row: RiskEvent, *, at: datetime) -> Response:
    return Response(serializers.RiskEventDetail(row, context={"at": at}).data)
