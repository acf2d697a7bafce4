"""/redemptions/…: each view is one operation or query and its shape."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework import serializers as drf
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.api.signatures import require_operation_signature
from apps.approvals import operations as approvals
from apps.approvals import queries as tickets
from apps.core import clock
from apps.core.actor import Actor
from apps.core.api import HasPerm, Pagination
from apps.core.errors import Refused
from apps.redemptions import operations, queries
from apps.redemptions.api import serializers
from apps.redemptions.api.params import FILTERS, filtered, request_number
from apps.redemptions.models import Redemption
from apps.redemptions.rules import TICKET_KINDS, Status

_ERROR = {"$ref": "#/components/schemas/Error"}
_SAYS = {
    400: "VALIDATION_ERROR: a parameter or field makes no sense",
    401: "AUTH_REQUIRED, AUTH_INVALID or AUTH_EXPIRED",
    403: "FORBIDDEN: your role, the wallet signature, or separation of duties is against it",
    404: "NOT_FOUND: there is no such redemption",
    409: "CONFLICT: not due, not covered, decided already, or on its way",
}
_HASH = r"^0x[0-9a-fA-F]{64}$"


class NoOpenTicket(Refused):
    """Nobody is asked about this redemption (any more)."""


class VoteRequest(drf.Serializer[Any]):
    """A signed vote on the redemption's ticket; see /approvals/{id}/vote-payload."""

    reason = drf.CharField(
        required=False, default="", allow_blank=True, trim_whitespace=False, max_length=2_000
    )
    signature = drf.CharField(max_length=10_000)
    nonce = drf.RegexField(_HASH)
    expires_at = drf.DateTimeField()


def _errors(*statuses: int) -> dict[int, OpenApiResponse]:
    return {status: OpenApiResponse(_ERROR, description=_SAYS[status]) for status in statuses}


def _detail(row: Redemption) -> dict[str, Any]:
    history = tickets.tickets_for(TICKET_KINDS, row.subject_id, chain_id=row.chain_id)
    context = {"ticket": history.first(), "timeline": queries.timeline(row)}
    return dict(serializers.RedemptionDetail(row, context=context).data)


class RedemptionsView(APIView):
    """GET /redemptions."""

    permission_classes = [HasPerm("redemptions.view_redemption")]

    @extend_schema(
        tags=["redemptions"],
        summary="Redemptions, newest first",
        parameters=FILTERS,
        responses={200: serializers.RedemptionView(many=True), **_errors(400, 401, 403)},
    )
    def get(self, request: Request) -> Response:
        """One page of redemptions."""
        pages = Pagination()
        page = pages.paginate_queryset(filtered(request), request, view=self)
        return pages.get_paginated_response(serializers.RedemptionView(page, many=True).data)


class PendingApprovalsView(APIView):
    """GET /redemptions/pending-approvals."""

    permission_classes = [HasPerm("redemptions.view_redemption")]

    @extend_schema(
        tags=["redemptions"],
        summary="What waits for approval, the oldest first, with a summary",
        responses={200: serializers.RedemptionView(many=True), **_errors(401, 403)},
    )
    def get(self, request: Request) -> Response:
        """One page of waiting redemptions, and the summary of all."""
        rows = Redemption.objects.filter(status=Status.PENDING_APPROVAL)
        pages = Pagination()
        page = pages.paginate_queryset(
            rows.order_by("requested_at", "request_id"), request, view=self
        )
        response = pages.get_paginated_response(serializers.RedemptionView(page, many=True).data)
        summary = queries.pending_summary(at=clock.now())
        response.data["summary"] = serializers.PendingSummary(summary).data
        return response


class RedemptionView(APIView):
    """GET /redemptions/{requestId}."""

    permission_classes = [HasPerm("redemptions.view_redemption")]

    @extend_schema(
        tags=["redemptions"],
        summary="One redemption with its ticket and timeline",
        responses={200: serializers.RedemptionDetail, **_errors(401, 403, 404)},
    )
    def get(self, request: Request, request_id: str) -> Response:  # noqa: ARG002
        """The redemption."""
        return Response(_detail(queries.by_id(request_number(request_id))))


class _DecisionView(APIView):
    permission_classes = [HasPerm("approvals.decide_ticket")]

    def decide(self, request: Request, request_id: str, decision: str) -> Response:
        """Count the signed vote on the redemption's open ticket."""
        body = VoteRequest(data=request.data)
        body.is_valid(raise_exception=True)
        fields = body.validated_data
        row = queries.by_id(request_number(request_id))
        ticket = tickets.open_ticket_for(TICKET_KINDS, row.subject_id, chain_id=row.chain_id)
        if ticket is None:
            raise NoOpenTicket(f"No ticket about redemption {row.request_id} is open.")
        approvals.cast_vote(
            ticket_id=ticket.pk,
            user_id=request.user.pk or 0,
            decision=decision,
            reason=fields["reason"],
            facts_hash_shown=ticket.facts_hash,
            signature=fields["signature"],
            nonce=fields["nonce"].lower(),
            expires_at=fields["expires_at"],
            actor=Actor.of_request(request),
            at=clock.now(),
        )
        return Response(_detail(queries.by_key(row.key)))


class ApproveView(_DecisionView):
    """POST /redemptions/{requestId}/approve."""

    @extend_schema(
        tags=["redemptions"],
        summary="Approve with a signed vote on the redemption's ticket",
        request=VoteRequest,
        responses={200: serializers.RedemptionDetail, **_errors(400, 401, 403, 404, 409)},
    )
    def post(self, request: Request, request_id: str) -> Response:
        """Count an approval."""
        return self.decide(request, request_id, "APPROVE")


class RejectView(_DecisionView):
    """POST /redemptions/{requestId}/reject."""

    @extend_schema(
        tags=["redemptions"],
        summary="Reject with a signed vote on the redemption's ticket; a reason is required",
        request=VoteRequest,
        responses={200: serializers.RedemptionDetail, **_errors(400, 401, 403, 404, 409)},
    )
    def post(self, request: Request, request_id: str) -> Response:
        """Count a rejection."""
        return self.decide(request, request_id, "REJECT")


class SettleView(APIView):
    """POST /redemptions/{requestId}/settle."""

    permission_classes = [HasPerm("redemptions.settle_redemption")]

    @extend_schema(
        tags=["redemptions"],
        summary="Send the payment of a due redemption",
        description="Needs the wallet signature of the operation in the X-… headers.",
        request=None,
        responses={202: serializers.SettleAccepted, **_errors(401, 403, 404, 409)},
        examples=[
            OpenApiExample(
                "queued",
                value={"requestId": "12", "transactionId": 34, "status": "QUEUED"},
                response_only=True,
            )
        ],
    )
    def post(self, request: Request, request_id: str) -> Response:
        """Queue the payment."""
        require_operation_signature(request)
        row = queries.by_id(request_number(request_id))
        number = operations.settle(key=row.key, actor=Actor.of_request(request), at=clock.now())
        accepted = {
            "request_id": row.request_id,
            "transaction_id": number,
            "status": "QUEUED",
        }
        return Response(serializers.SettleAccepted(accepted).data, status=202)
