"""/risk/incidents and /risk/emergency: each view is one query or one operation."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import generics
from rest_framework import status as http
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.approvals.api.serializers import TicketRow
from apps.core import clock
from apps.core.actor import Actor
from apps.core.api import HasPerm
from apps.risk import operations, queries
from apps.risk.models import Incident

from . import incidents, params, schema


class IncidentsView(generics.ListAPIView[Incident]):
    """GET /risk/incidents."""

    permission_classes = [HasPerm("risk.view_incident")]
    serializer_class = incidents.IncidentRow
    queryset = queries.incidents()

    def get_serializer_context(self) -> dict[str, Any]:
        """With the instant that durations are measured to."""
        return {**super().get_serializer_context(), "at": clock.now()}

    @extend_schema(
        tags=["risk"],
        summary="List emergencies",
        responses={200: incidents.IncidentRow(many=True), **schema.LISTED},
        examples=[OpenApiExample("an emergency", value=schema.INCIDENT, response_only=True)],
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """A page of them, newest first."""
        return super().get(request, *args, **kwargs)


class IncidentView(APIView):
    """GET /risk/incidents/{id}."""

    permission_classes = [HasPerm("risk.view_incident")]

    @extend_schema(
        tags=["risk"],
        summary="Read an emergency: timeline, checklist, actions, liquidity gap",
        responses={200: incidents.IncidentDetail, **schema.FOUND},
        examples=[OpenApiExample("an emergency", value=schema.INCIDENT_DETAIL, response_only=True)],
    )
    def get(self, request: Request, incident_id: int) -> Response:  # noqa: ARG002
        """One emergency."""
        view = queries.incident(incident_id)
        context = {"view": view, "at": clock.now()}
        return Response(incidents.IncidentDetail(view.row, context=context).data)


class EmergencyView(APIView):
    """POST /risk/emergency."""

    permission_classes = [HasPerm("risk.open_incident")]

    @extend_schema(
        tags=["risk"],
        summary="Ask people to open the emergency protocol",
        description="Opens a ticket for two of three votes; its approval opens the incident.",
        request=params.EmergencyRequest,
        responses={202: TicketRow, **schema.ASKED},
        examples=[
            OpenApiExample(
                "why", value={"reason": "The custodian has stopped paying."}, request_only=True
            ),
            OpenApiExample(
                "the ticket", value=schema.TICKET, response_only=True, status_codes=["202"]
            ),
        ],
    )
    def post(self, request: Request) -> Response:
        """Open the ticket."""
        body = params.EmergencyRequest(data=request.data)
        body.is_valid(raise_exception=True)
        at = clock.now()
        ticket = operations.propose_emergency(
            reason=body.validated_data["reason"], actor=Actor.of_request(request), at=at
        )
        shown = TicketRow(ticket, context={"at": at, "user": request.user}).data
        return Response(shown, status=http.HTTP_202_ACCEPTED)
