"""/approvals/…: each view is one operation or query and its shape."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
)
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.approvals import operations, queries
from apps.approvals.api import serializers
from apps.approvals.models import Ticket
from apps.approvals.rules import Status
from apps.audit import queries as audit
from apps.core import clock
from apps.core.actor import Actor
from apps.core.api import HasPerm, Pagination
from apps.core.display import checksum
from apps.core.errors import Invalid

_ERROR = {"$ref": "#/components/schemas/Error"}
_SAYS = {
    400: "VALIDATION_ERROR: a field is missing or malformed",
    401: "AUTH_REQUIRED, AUTH_INVALID or AUTH_EXPIRED",
    403: "FORBIDDEN: your role, the wallet, or separation of duties is against it",
    404: "NOT_FOUND: there is no such ticket",
    409: "CONFLICT: decided already, voted already, figures changed, or signature used",
}
_VERBS = {
    "created": "CREATE",
    "approved": "APPROVE",
    "rejected": "REJECT",
    "cancelled": "CANCEL",
    "expired": "EXPIRE",
    "warned": "WARN",
    "escalated": "ESCALATE",
    "overdue": "OVERDUE",
    "executed": "EXECUTE",
    "bound": "BIND",
}
VOTE_EXAMPLE = OpenApiExample(
    "signed",
    value={
        "reason": "Within limits",
        "signature": "0x" + "5f" * 64 + "1b",
        "nonce": "0x" + "8a" * 32,
        "expiresAt": "2026-03-02T12:05:00Z",
    },
    request_only=True,
)


class UnknownFilter(Invalid):
    """A filter names a value that does not exist."""


def errors(*statuses: int) -> dict[int, OpenApiResponse]:
    """Error responses for the schema."""
    return {status: OpenApiResponse(_ERROR, description=_SAYS[status]) for status in statuses}


def detail(ticket: Ticket) -> dict[str, Any]:
    """A ticket as REST shows it whole."""
    return dict(serializers.TicketDetail(ticket, context={"at": clock.now()}).data)


def cast(request: Request, ticket_id: int, decision: str) -> Response:
    """Count the signed vote of a request's body."""
    body = serializers.VoteRequest(data=request.data)
    body.is_valid(raise_exception=True)
    fields = body.validated_data
    ticket = queries.ticket(ticket_id)
    ticket = operations.cast_vote(
        ticket_id=ticket.pk,
        user_id=request.user.pk,
        decision=decision,
        reason=fields["reason"],
        facts_hash_shown=fields.get("facts_hash") or ticket.facts_hash,
        signature=fields["signature"],
        nonce=fields["nonce"].lower(),
        expires_at=fields["expires_at"],
        actor=Actor.of_request(request),
        at=clock.now(),
    )
    return Response(detail(ticket))


class TicketsView(APIView):
    """GET /approvals."""

    permission_classes = [HasPerm("approvals.view_ticket")]

    @extend_schema(
        tags=["approvals"],
        summary="Approval tickets, newest first",
        parameters=[
            OpenApiParameter("status", str, enum=[item.value for item in Status]),
            OpenApiParameter("type", str, description="Kind of ticket, e.g. STANDARD_REDEMPTION"),
            OpenApiParameter("page", int),
            OpenApiParameter("pageSize", int),
        ],
        responses={200: serializers.TicketView(many=True), **errors(400, 401, 403)},
    )
    def get(self, request: Request) -> Response:
        """One page of tickets."""
        rows = Ticket.objects.prefetch_related("votes")
        if status := request.query_params.get("status"):
            if status not in set(Status):
                raise UnknownFilter(f"{status[:40]!r} is not a status.", field="status")
            rows = rows.filter(status=status)
        if kind := request.query_params.get("type"):
            rows = rows.filter(kind=kind)
        pages = Pagination()
        page = pages.paginate_queryset(rows, request, view=self)
        shown = serializers.TicketView(page, many=True, context={"at": clock.now()})
        return pages.get_paginated_response(shown.data)


class TicketView(APIView):
    """GET /approvals/{id}."""

    permission_classes = [HasPerm("approvals.view_ticket")]

    @extend_schema(
        tags=["approvals"],
        summary="One ticket with its figures, votes and execution",
        responses={200: serializers.TicketDetail, **errors(401, 403, 404)},
    )
    def get(self, request: Request, ticket_id: int) -> Response:  # noqa: ARG002
        """The ticket."""
        return Response(detail(queries.ticket(ticket_id)))


class VotePayloadView(APIView):
    """GET /approvals/{id}/vote-payload."""

    permission_classes = [HasPerm("approvals.decide_ticket")]

    @extend_schema(
        tags=["approvals"],
        summary="What your wallet signs for a vote",
        description="Hands out a single-use nonce; the signature is good for five minutes.",
        parameters=[
            OpenApiParameter("decision", str, enum=["APPROVE", "REJECT"], required=True),
            OpenApiParameter("reason", str, description="Required to reject; signed as it is"),
        ],
        responses={200: serializers.VotePayload, **errors(400, 401, 403, 404, 409)},
    )
    def get(self, request: Request, ticket_id: int) -> Response:
        """Typed data, nonce and expiry."""
        wanted = operations.prepare_vote(
            ticket_id=ticket_id,
            user_id=request.user.pk or 0,
            decision=request.query_params.get("decision", ""),
            reason=request.query_params.get("reason", ""),
            at=clock.now(),
        )
        return Response(
            {
                "typed_data": wanted.typed_data,
                "nonce": wanted.nonce,
                "expires_at": wanted.expires_at.isoformat().replace("+00:00", "Z"),
                "address": checksum(wanted.address),
            }
        )


class ApproveView(APIView):
    """POST /approvals/{id}/approve."""

    permission_classes = [HasPerm("approvals.decide_ticket")]

    @extend_schema(
        tags=["approvals"],
        summary="Approve a ticket with a signed vote",
        request=serializers.VoteRequest,
        responses={200: serializers.TicketDetail, **errors(400, 401, 403, 404, 409)},
        examples=[VOTE_EXAMPLE],
    )
    def post(self, request: Request, ticket_id: int) -> Response:
        """Count an approval."""
        return cast(request, ticket_id, "APPROVE")


class RejectView(APIView):
    """POST /approvals/{id}/reject."""

    permission_classes = [HasPerm("approvals.decide_ticket")]

    @extend_schema(
        tags=["approvals"],
        summary="Reject a ticket with a signed vote; a reason is required",
        request=serializers.VoteRequest,
        responses={200: serializers.TicketDetail, **errors(400, 401, 403, 404, 409)},
        examples=[VOTE_EXAMPLE],
    )
    def post(self, request: Request, ticket_id: int) -> Response:
        """Count a rejection."""
        return cast(request, ticket_id, "REJECT")


class CancelView(APIView):
    """POST /approvals/{id}/cancel."""

    permission_classes = [HasPerm("approvals.cancel_ticket")]

    @extend_schema(
        tags=["approvals"],
        summary="Withdraw a ticket that you asked for",
        request=serializers.CancelRequest,
        responses={200: serializers.TicketDetail, **errors(400, 401, 403, 404, 409)},
        examples=[OpenApiExample("mistake", value={"reason": "Mistake"}, request_only=True)],
    )
    def post(self, request: Request, ticket_id: int) -> Response:
        """Cancel the ticket."""
        body = serializers.CancelRequest(data=request.data)
        body.is_valid(raise_exception=True)
        ticket = operations.cancel(
            ticket_id=ticket_id,
            reason=body.validated_data["reason"],
            actor=Actor.of_request(request),
            at=clock.now(),
        )
        return Response(detail(ticket))


class AuditLogsView(APIView):
    """GET /approvals/{id}/audit-logs."""

    permission_classes = [HasPerm("approvals.view_ticket")]

    @extend_schema(
        tags=["approvals"],
        summary="Everything that happened to a ticket, oldest first",
        parameters=[
            OpenApiParameter("page", OpenApiTypes.INT),
            OpenApiParameter("pageSize", OpenApiTypes.INT),
        ],
        responses={200: serializers.AuditLine(many=True), **errors(401, 403, 404)},
    )
    def get(self, request: Request, ticket_id: int) -> Response:
        """One page of the trail."""
        ticket = queries.ticket(ticket_id)
        pages = Pagination()
        rows = pages.paginate_queryset(audit.trail("ticket", str(ticket.pk)), request, view=self)
        return pages.get_paginated_response([_audit_line(row) for row in rows or []])


def _audit_line(row: Any) -> dict[str, Any]:
    verb = row.action.rpartition(".")[2]
    return {
        "at": row.at.isoformat().replace("+00:00", "Z"),
        "action": _VERBS.get(verb, verb.upper()),
        "actor": row.actor_name,
        "role": row.actor_role,
        "wallet": row.actor_wallet,
        "ip": row.ip,
        "user_agent": row.user_agent,
        "before": row.before,
        "after": row.after,
        "result": row.result,
    }
