"""/rebalance: each view is one query or one operation."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import generics
from rest_framework import status as http
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.api import signatures
from apps.approvals.api.schema import errors
from apps.chain import queries as chain
from apps.core import clock
from apps.core.actor import Actor
from apps.core.api import HasPerm
from apps.rebalance import operations, queries
from apps.rebalance.models import Plan, Preview

from . import params, schema, serializers, status


class StatusView(APIView):
    """GET /rebalance/status."""

    permission_classes = [HasPerm("rebalance.view_plan")]

    @extend_schema(
        tags=["rebalance"],
        summary="How far the fund is from its targets, and what is under way",
        description="As of the newest snapshot; a figure is null while it is unknown.",
        responses={
            200: status.RebalanceStatus,
            **errors({403: "FORBIDDEN", 503: "SERVICE_UNAVAILABLE: rebalancing is not set up"}),
        },
        examples=[
            OpenApiExample(
                "L1 is short",
                value={
                    "needsRebalance": True,
                    "reasons": ["L1 is 6.00 % of assets, below 8.00 %."],
                    "lastRebalance": "2026-02-20T00:03:10Z",
                    "nextScheduled": "2026-03-03T00:00:00Z",
                    "currentDeviation": {"L1": "-0.0400", "L2": "0.0000", "L3": "0.0400"},
                    "thresholds": {
                        "triggerDeviation": "0.0500",
                        "minAmount": "10000000000000000000000",
                    },
                    "pendingPlan": schema.PLAN,
                },
                response_only=True,
            )
        ],
    )
    def get(self, request: Request) -> Response:  # noqa: ARG002
        """Status and metrics now."""
        at = clock.now()
        now = queries.status(chain_id=chain.fund_chain().chain_id, at=at)
        return Response(status.RebalanceStatus(now, context={"at": at}).data)


class HistoryView(generics.ListAPIView[Plan]):
    """GET /rebalance/history."""

    permission_classes = [HasPerm("rebalance.view_plan")]
    serializer_class = serializers.PlanRow
    queryset = Plan.objects.order_by("-id")

    def get_queryset(self) -> QuerySet[Plan]:
        """Newest first, narrowed."""
        return super().get_queryset().filter(**params.lookups(self.request))

    @extend_schema(
        tags=["rebalance"],
        summary="List plans",
        parameters=params.PARAMETERS,
        responses={
            200: serializers.PlanRow(many=True),
            **errors({400: "VALIDATION_ERROR, by field", 403: "FORBIDDEN"}),
        },
        examples=[OpenApiExample("a plan", value=schema.PLAN, response_only=True)],
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """A page of plans, newest first."""
        return super().get(request, *args, **kwargs)


class PlanDetailView(APIView):
    """GET /rebalance/plans/{id}."""

    permission_classes = [HasPerm("rebalance.view_plan")]

    @extend_schema(
        tags=["rebalance"],
        summary="Read a plan with its actions and what became of them",
        responses={200: serializers.PlanDetail, **schema.READ},
        examples=[
            OpenApiExample(
                "a plan that waits",
                value={
                    **schema.PLAN,
                    "preState": schema.STATE,
                    "actions": [{**schema.ACTION, "status": "PLANNED"}],
                },
                response_only=True,
            )
        ],
    )
    def get(self, request: Request, plan_id: int) -> Response:  # noqa: ARG002
        """One plan."""
        return plan_response(plan_id)


class PreviewPlanView(APIView):
    """POST /rebalance/preview."""

    permission_classes = [HasPerm("rebalance.preview_plan")]

    @extend_schema(
        tags=["rebalance"],
        summary="Plan without doing anything",
        description=(
            "Reads the contracts and plans. Exact ratios must sum to one and lie in the bands. "
            "The answer's planId is good for five minutes in POST /rebalance/execute."
        ),
        request=params.PreviewRequest,
        responses={200: serializers.PreviewResult, **schema.PLANNED},
        examples=[
            OpenApiExample(
                "exact ratios",
                value={"targetRatios": {"l1": "0.10", "l2": "0.30", "l3": "0.60"}},
                request_only=True,
            ),
            OpenApiExample(
                "raise cash",
                value={"aim": "LIQUIDITY", "raiseAmount": "50000000000000000000000"},
                request_only=True,
            ),
            OpenApiExample(
                "a preview",
                value={
                    "planId": "31",
                    "expiresAt": "2026-03-02T12:05:00Z",
                    "preState": schema.STATE,
                    "targetState": {**schema.STATE, "l1Ratio": "0.1000", "l3Ratio": "0.6000"},
                    "actions": [schema.ACTION],
                    "estimatedGasCost": "240000000000000000",
                    "totalAmount": "80000000000000000000000",
                    "requiresApproval": True,
                    "approvalReason": schema.PLAN["approvalReason"],
                },
                response_only=True,
            ),
        ],
    )
    def post(self, request: Request) -> Response:
        """The preview."""
        asked = params.PreviewRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        at = clock.now()
        made = operations.preview(
            chain_id=chain.fund_chain().chain_id,
            aim=asked.wanted(),
            actor=Actor.of_request(request),
            at=at,
        )
        return _preview_response(made)


class ExecuteView(APIView):
    """POST /rebalance/execute."""

    permission_classes = [HasPerm("rebalance.submit_plan")]

    @extend_schema(
        tags=["rebalance"],
        summary="Submit a preview: it becomes a plan, and a ticket where people have to approve",
        description=schema.SIGNED,
        parameters=signatures.PARAMETERS,
        request=params.ExecuteRequest,
        responses={202: serializers.PlanDetail, **schema.CHANGED},
        examples=[
            OpenApiExample("the preview", value={"planId": "31"}, request_only=True),
            OpenApiExample("the plan", value=schema.PLAN, response_only=True, status_codes=["202"]),
        ],
    )
    def post(self, request: Request) -> Response:
        """Make the plan of a preview; the same preview gives the same plan."""
        signatures.require_operation_signature(request)
        asked = params.ExecuteRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        plan = operations.submit(
            preview_id=int(asked.validated_data["plan_id"]),
            reason=asked.validated_data["reason"],
            actor=Actor.of_request(request),
            at=clock.now(),
        )
        return plan_response(plan.pk, code=http.HTTP_202_ACCEPTED)


class CancelPlanView(APIView):
    """POST /rebalance/plans/{id}/cancel."""

    permission_classes = [HasPerm("rebalance.submit_plan")]

    @extend_schema(
        tags=["rebalance"],
        summary="Take a plan back before it begins",
        request=params.ReasonRequest,
        responses={200: serializers.PlanDetail, **schema.CHANGED},
        examples=[OpenApiExample("why", value={"reason": "The window moved."}, request_only=True)],
    )
    def post(self, request: Request, plan_id: int) -> Response:
        """Cancel it."""
        asked = params.ReasonRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        operations.cancel(
            plan_id=queries.plan(plan_id).pk,
            reason=asked.validated_data["reason"],
            actor=Actor.of_request(request),
            at=clock.now(),
        )
        return plan_response(plan_id)


class ReversePlanView(APIView):
    """POST /rebalance/plans/{id}/reverse."""

    permission_classes = [HasPerm("rebalance.preview_plan")]

    @extend_schema(
        tags=["rebalance"],
        summary="Preview the reverse of what a plan really did",
        description="Nothing is undone by itself: submit the preview like any other.",
        request=None,
        responses={200: serializers.PreviewResult, **schema.PLANNED, **errors({404: "NOT_FOUND"})},
    )
    def post(self, request: Request, plan_id: int) -> Response:
        """The preview of the reverse."""
        made = operations.preview_reverse(
            plan_id=queries.plan(plan_id).pk, actor=Actor.of_request(request), at=clock.now()
        )
        return _preview_response(made)


def plan_response(plan_id: int, *, code: int = http.HTTP_200_OK) -> Response:
    """A plan as it is now."""
    view = queries.plan_view(queries.plan(plan_id))
    return Response(serializers.PlanDetail(view.row, context={"view": view}).data, status=code)


def _preview_response(made: Preview) -> Response:
    return Response(serializers.PreviewResult(queries.preview_view(made, at=clock.now())).data)
