"""/redemptions: each view is one query or one operation."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.api import signatures
from apps.approvals import queries as approvals
from apps.approvals.api import votes
from apps.approvals.api.schema import TICKET_EXAMPLE, errors
from apps.approvals.rules import Decision
from apps.core import clock
from apps.core.actor import Actor
from apps.core.api import HasPerm, Pagination
from apps.core.errors import Refused
from apps.redemptions import operations, queries
from apps.redemptions.models import Redemption
from apps.redemptions.rules import TICKET_KINDS, Status

from . import serializers
from .params import PARAMETERS, lookups

_LISTED = errors({400: "VALIDATION_ERROR, by field", 403: "FORBIDDEN"})
_VOTED = errors(
    {
        400: "VALIDATION_ERROR: a field is missing or malformed, or the signature is no signature",
        403: "FORBIDDEN: not your role, you are a party, or not your wallet's signature",
        404: "NOT_FOUND",
        409: "CONFLICT: no open ticket, voted already, figures changed, signature used or expired",
    }
)
_ROW: dict[str, Any] = {
    "requestId": "7",
    "owner": "0x70997970c51812dc3a010c7d01b50e0d17dc79c8",
    "receiver": "0x70997970c51812dc3a010c7d01b50e0d17dc79c8",
    "shares": "30000000000000000000000",
    "grossAmount": "31200000000000000000000",
    "lockedNav": "1040000000000000000",
    "estimatedFee": "312000000000000000000",
    "requestTime": "2026-03-02T12:00:00Z",
    "settlementTime": None,
    "status": "PENDING_APPROVAL",
    "channel": "EMERGENCY",
    "requiresApproval": True,
    "windowId": "0",
    "txHash": "0x" + "2d" * 32,
}


class NoOpenTicket(Refused):
    """Nobody is asked about this redemption now."""


def _detail(row: Redemption) -> Response:
    return Response(serializers.RedemptionDetail(row, context={"at": clock.now()}).data)


class RedemptionsView(generics.ListAPIView[Redemption]):
    """GET /redemptions."""

    permission_classes = [HasPerm("redemptions.view_redemption")]
    serializer_class = serializers.RedemptionRow
    queryset = Redemption.objects.all()

    def get_queryset(self) -> QuerySet[Redemption]:
        """Newest first, narrowed."""
        return super().get_queryset().filter(**lookups(self.request))

    @extend_schema(
        tags=["redemptions"],
        summary="List redemption requests",
        parameters=PARAMETERS,
        responses={200: serializers.RedemptionRow(many=True), **_LISTED},
        examples=[OpenApiExample("a request", value=_ROW, response_only=True)],
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """A page of requests, newest first."""
        return super().get(request, *args, **kwargs)


class _PendingPages(Pagination):
    """Pages with the summary of the whole beside them."""

    def get_paginated_response(self, data: Any) -> Response:
        response = super().get_paginated_response(data)
        summary = queries.pending_summary(at=clock.now())
        response.data["summary"] = serializers.PendingSummary(summary).data
        return response

    def get_paginated_response_schema(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        page = super().get_paginated_response_schema(schema)
        page["required"].append("summary")
        page["properties"]["summary"] = {
            "type": "object",
            "description": "All that waits, in base units; urgent: less than two hours left.",
            "required": ["totalPending", "totalAmount", "urgentCount"],
            "properties": {
                "totalPending": {"type": "integer", "example": 1},
                "totalAmount": {"type": "string", "example": _ROW["grossAmount"]},
                "urgentCount": {"type": "integer", "example": 0},
            },
        }
        return page


class PendingApprovalsView(generics.ListAPIView[Redemption]):
    """GET /redemptions/pending-approvals."""

    permission_classes = [HasPerm("redemptions.view_redemption", "approvals.view_ticket")]
    serializer_class = serializers.PendingRow
    pagination_class = _PendingPages
    queryset = Redemption.objects.filter(status=Status.PENDING_APPROVAL).order_by(
        "requested_at", "request_id"
    )

    def paginate_queryset(self, queryset: Any) -> Any:
        """The page's rows; their tickets are read with them, in one query."""
        page = super().paginate_queryset(queryset)
        tickets = approvals.open_tickets().filter(
            kind__in=TICKET_KINDS, subject_id__in=[row.subject_id for row in page or []]
        )
        self._tickets = {ticket.subject_id: ticket for ticket in tickets.prefetch_related("votes")}
        return page

    def get_serializer_context(self) -> dict[str, Any]:
        """With the page's tickets, and the instant that deadlines are measured from."""
        tickets = getattr(self, "_tickets", {})
        return {**super().get_serializer_context(), "at": clock.now(), "tickets": tickets}

    @extend_schema(
        tags=["redemptions"],
        summary="What waits for approval, the oldest first, and how much it is",
        responses={200: serializers.PendingRow(many=True), **_LISTED},
        examples=[
            OpenApiExample(
                "a request", value={**_ROW, "approvalTicket": TICKET_EXAMPLE}, response_only=True
            )
        ],
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """A page of waiting requests with their tickets."""
        return super().get(request, *args, **kwargs)


class RedemptionView(APIView):
    """GET /redemptions/{requestId}."""

    permission_classes = [HasPerm("redemptions.view_redemption")]

    @extend_schema(
        tags=["redemptions"],
        summary="Read a request with its timeline",
        responses={
            200: serializers.RedemptionDetail,
            **errors({403: "FORBIDDEN", 404: "NOT_FOUND"}),
        },
        examples=[
            OpenApiExample(
                "a request that waits",
                value={
                    **_ROW,
                    "netAmount": "30888000000000000000000",
                    "blockNumber": 48213377,
                    "approvalTicket": TICKET_EXAMPLE,
                    "timeline": [
                        {
                            "event": "REQUESTED",
                            "timestamp": _ROW["requestTime"],
                            "txHash": _ROW["txHash"],
                            "lane": "chain",
                            "text": "Requested by the holder",
                        }
                    ],
                },
                response_only=True,
            )
        ],
    )
    def get(self, request: Request, request_id: int) -> Response:  # noqa: ARG002
        """One request."""
        return _detail(queries.by_id(request_id))


class _DecisionView(APIView):
    """A signed vote on the open ticket of a request."""

    permission_classes = [HasPerm("approvals.decide_ticket")]
    decision: ClassVar[Decision]

    def post(self, request: Request, request_id: int) -> Response:
        """Count it; the state of the request follows when the chain's event is final."""
        row = queries.by_id(request_id)
        ticket = approvals.open_ticket_for(TICKET_KINDS, row.subject_id, chain_id=row.chain_id)
        if ticket is None:
            raise NoOpenTicket(f"No ticket asks about redemption {request_id} now.")
        votes.cast(request, ticket_id=ticket.pk, decision=self.decision)
        return _detail(row)


@extend_schema(
    tags=["redemptions"],
    summary="Approve a request: a signed vote on its ticket",
    description="Ask POST /approvals/{approvalTicket.id}/vote-payload for what to sign.",
    request=votes.SignedApproval,
    responses={200: serializers.RedemptionDetail, **_VOTED},
    examples=[OpenApiExample("an approval", value=votes.EXAMPLE, request_only=True)],
)
class ApproveView(_DecisionView):
    """POST /redemptions/{requestId}/approve."""

    decision = Decision.APPROVE


@extend_schema(
    tags=["redemptions"],
    summary="Reject a request: a signed vote on its ticket, with the reason",
    description="Ask POST /approvals/{approvalTicket.id}/vote-payload for what to sign.",
    request=votes.SignedRejection,
    responses={200: serializers.RedemptionDetail, **_VOTED},
    examples=[OpenApiExample("a rejection", value=votes.EXAMPLE, request_only=True)],
)
class RejectView(_DecisionView):
    """POST /redemptions/{requestId}/reject."""

    decision = Decision.REJECT


class SettleView(APIView):
    """POST /redemptions/{requestId}/settle."""

    permission_classes = [HasPerm("redemptions.settle_redemption")]

    @extend_schema(
        tags=["redemptions"],
        summary="Pay one request that is due",
        description="Sign the EIP-712 Operation of this request with the registered wallet.",
        parameters=signatures.PARAMETERS,
        request=None,
        responses={
            202: serializers.SettlementSent,
            **errors(
                {
                    400: "VALIDATION_ERROR: the signature is no signature",
                    403: "FORBIDDEN: not your role, no signature, or not your wallet's",
                    404: "NOT_FOUND",
                    409: "CONFLICT: not due, not covered (details.shortfall), on its way already, "
                    "or signature used or expired",
                }
            ),
        },
        examples=[
            OpenApiExample(
                "on its way",
                value={"requestId": "7", "transactionId": 31},
                response_only=True,
                status_codes=["202"],
            )
        ],
    )
    def post(self, request: Request, request_id: int) -> Response:
        """Send the payment."""
        signatures.require_operation_signature(request)
        row = queries.by_id(request_id)
        sent = operations.settle(key=row.key, actor=Actor.of_request(request), at=clock.now())
        answer = {"request_id": row.request_id, "transaction_id": sent}
        return Response(serializers.SettlementSent(answer).data, status=status.HTTP_202_ACCEPTED)
