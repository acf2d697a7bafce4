"""/approvals: each view is one query or one operation."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import generics
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.approvals import operations, queries
from apps.approvals.models import Ticket
from apps.approvals.rules import Decision, Status
from apps.audit import queries as audit
from apps.core import clock
from apps.core.actor import Actor
from apps.core.api import HasPerm

from . import serializers, votes
from .schema import TICKET_EXAMPLE, errors

_READ = errors({403: "FORBIDDEN: your role does not show tickets", 404: "NOT_FOUND"})
_VOTED = errors(
    {
        400: "VALIDATION_ERROR: a field is missing or malformed, or the signature is no signature",
        403: "FORBIDDEN: not your role, your own request, or not your wallet's signature",
        404: "NOT_FOUND",
        409: "CONFLICT: decided or voted already, figures changed, signature used or expired",
    }
)


def detail(ticket: Ticket, request: Request) -> Response:
    """The ticket as it is now."""
    context = {"at": clock.now(), "user": request.user}
    return Response(serializers.TicketDetail(ticket, context=context).data)


class TicketsView(generics.ListAPIView[Ticket]):
    """GET /approvals."""

    permission_classes = [HasPerm("approvals.view_ticket")]
    serializer_class = serializers.TicketRow
    queryset = Ticket.objects.order_by("-id")

    def get_queryset(self) -> QuerySet[Ticket]:
        """Newest first, narrowed."""
        asked = serializers.TicketFilter(data=self.request.query_params.dict())
        asked.is_valid(raise_exception=True)
        names = {"status": "status", "type": "kind"}
        wanted = {names[name]: value for name, value in asked.validated_data.items()}
        return super().get_queryset().filter(**wanted).prefetch_related("votes")

    def get_serializer_context(self) -> dict[str, Any]:
        """With the instant that deadlines are measured from."""
        return {**super().get_serializer_context(), "at": clock.now()}

    @extend_schema(
        tags=["approvals"],
        summary="List tickets",
        parameters=[
            OpenApiParameter("status", str, enum=[str(item) for item in Status]),
            OpenApiParameter("type", str, description="For example EMERGENCY_REDEMPTION."),
        ],
        responses={
            200: serializers.TicketRow(many=True),
            **errors({400: "VALIDATION_ERROR", 403: "FORBIDDEN"}),
        },
        examples=[
            OpenApiExample(
                "a redemption that waits",
                value=TICKET_EXAMPLE,
                response_only=True,
            )
        ],
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """A page of tickets, newest first."""
        return super().get(request, *args, **kwargs)


class TicketView(APIView):
    """GET /approvals/{id}."""

    permission_classes = [HasPerm("approvals.view_ticket")]

    @extend_schema(
        tags=["approvals"],
        summary="Read a ticket: figures, rule, votes, outcome",
        responses={200: serializers.TicketDetail, **_READ},
        examples=[
            OpenApiExample(
                "a redemption that waits",
                value={
                    **TICKET_EXAMPLE,
                    "conditions": [{"text": "31,200 USDT > 30,000", "met": True}],
                    "assessment": {"level": "MEDIUM", "score": 30, "factors": ["12.00 % of L1"]},
                    "facts": {"requestId": "7", "grossAmount": TICKET_EXAMPLE["amount"]},
                    "factsHash": votes.EXAMPLE["factsHash"],
                    "cannotVoteBecause": None,
                },
                response_only=True,
            )
        ],
    )
    def get(self, request: Request, ticket_id: int) -> Response:
        """One ticket."""
        return detail(queries.ticket(ticket_id), request)


class AuditLogsView(generics.ListAPIView[Any]):
    """GET /approvals/{id}/audit-logs."""

    permission_classes = [HasPerm("approvals.view_ticket")]
    serializer_class = serializers.AuditRow
    queryset = audit.trail("ticket", "")

    def get_queryset(self) -> QuerySet[Any]:
        """The trail of a ticket that exists."""
        ticket = queries.ticket(self.kwargs["ticket_id"])
        return audit.trail("ticket", str(ticket.pk))

    @extend_schema(
        tags=["approvals"],
        summary="Everything that happened to a ticket, oldest first",
        responses={200: serializers.AuditRow(many=True), **_READ},
        examples=[
            OpenApiExample(
                "an approval",
                value={
                    "id": 5012,
                    "timestamp": "2026-03-02T12:04:10Z",
                    "action": "APPROVE",
                    "actor": "victor",
                    "role": "VIP_APPROVER",
                    "before": {"status": "PENDING"},
                    "after": {"status": "APPROVED", "reason": "Checked"},
                    "result": "OK",
                },
                response_only=True,
            )
        ],
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """A page of the audit trail."""
        return super().get(request, *args, **kwargs)


class VotePayloadView(APIView):
    """POST /approvals/{id}/vote-payload."""

    permission_classes = [HasPerm("approvals.decide_ticket")]

    @extend_schema(
        tags=["approvals"],
        summary="Ask for the vote to sign",
        description="Sign typedData within five minutes (eth_signTypedData_v4), then send the "
        "signature, nonce and expiresAt with the same reason to approve or reject.",
        request=votes.VoteWanted,
        responses={200: votes.VotePayload, **_VOTED},
        examples=[
            OpenApiExample(
                "a rejection",
                value={"decision": "reject", "reason": "The receiver is not the holder"},
                request_only=True,
            ),
            OpenApiExample(
                "to sign",
                value={
                    "typedData": {"primaryType": "Vote", "domain": {"name": "Paimon"}},
                    "nonce": votes.EXAMPLE["nonce"],
                    "expiresAt": votes.EXAMPLE["expiresAt"],
                    "address": "0x70997970c51812dc3a010c7d01b50e0d17dc79c8",
                },
                response_only=True,
            ),
        ],
    )
    def post(self, request: Request, ticket_id: int) -> Response:
        """The typed vote with a nonce of its own."""
        asked = votes.VoteWanted(data=request.data)
        asked.is_valid(raise_exception=True)
        wanted = operations.prepare_vote(
            ticket_id=ticket_id,
            user_id=request.user.pk or 0,
            decision=asked.validated_data["decision"].upper(),
            reason=asked.validated_data["reason"],
            at=clock.now(),
        )
        return Response(votes.VotePayload(wanted).data)


class _DecisionView(APIView):
    """A signed vote on a ticket."""

    permission_classes = [HasPerm("approvals.decide_ticket")]
    decision: ClassVar[Decision]

    def post(self, request: Request, ticket_id: int) -> Response:
        """Count it; the ticket as it is then."""
        return detail(votes.cast(request, ticket_id=ticket_id, decision=self.decision), request)


@extend_schema(
    tags=["approvals"],
    summary="Approve a ticket with a signed vote",
    request=votes.SignedApproval,
    responses={200: serializers.TicketDetail, **_VOTED},
    examples=[OpenApiExample("an approval", value=votes.EXAMPLE, request_only=True)],
)
class ApproveView(_DecisionView):
    """POST /approvals/{id}/approve."""

    decision = Decision.APPROVE


@extend_schema(
    tags=["approvals"],
    summary="Reject a ticket with a signed vote",
    request=votes.SignedRejection,
    responses={200: serializers.TicketDetail, **_VOTED},
    examples=[OpenApiExample("a rejection", value=votes.EXAMPLE, request_only=True)],
)
class RejectView(_DecisionView):
    """POST /approvals/{id}/reject."""

    decision = Decision.REJECT


class CancelView(APIView):
    """POST /approvals/{id}/cancel."""

    permission_classes = [HasPerm("approvals.cancel_ticket")]

    @extend_schema(
        tags=["approvals"],
        summary="Withdraw a ticket that you asked for",
        request=serializers.Cancellation,
        responses={
            200: serializers.TicketDetail,
            **errors(
                {
                    400: "VALIDATION_ERROR: a reason is needed",
                    403: "FORBIDDEN: somebody else asked, or the subject itself must be withdrawn",
                    404: "NOT_FOUND",
                    409: "CONFLICT: it has its outcome",
                }
            ),
        },
        examples=[OpenApiExample("withdrawn", value={"reason": "Wrong amount"}, request_only=True)],
    )
    def post(self, request: Request, ticket_id: int) -> Response:
        """Close the question without an answer."""
        body = serializers.Cancellation(data=request.data)
        body.is_valid(raise_exception=True)
        ticket = operations.cancel(
            ticket_id=ticket_id,
            reason=body.validated_data["reason"],
            actor=Actor.of_request(request),
            at=clock.now(),
        )
        return detail(ticket, request)
