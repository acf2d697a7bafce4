"""Reports: list, ask for, read as JSON, download."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import generics, status
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.permissions import BasePermission
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core import clock
from apps.core.actor import Actor
from apps.core.api import HasPerm
from apps.core.errors import Invalid
from apps.reports import operations, queries
from apps.reports.models import ReportRun
from apps.reports.rules import FORMATS, Kind, Period, day

from .serializers import ReportDetailSerializer, ReportRequestSerializer, ReportSerializer

_REFUSED = {
    400: OpenApiResponse(description="VALIDATION_ERROR"),
    401: OpenApiResponse(description="AUTH_REQUIRED, AUTH_INVALID or AUTH_EXPIRED"),
    403: OpenApiResponse(description="FORBIDDEN"),
}
_NOT_FOUND = {404: OpenApiResponse(description="NOT_FOUND")}


class AnyAccept(BaseContentNegotiation):
    """A file is sent whatever the client's Accept header says; refusals are JSON."""

    def select_parser(self, request: Request, parsers: Any) -> Any:  # noqa: ARG002 - DRF's signature
        """The first one."""
        return parsers[0]

    def select_renderer(
        self,
        request: Request,  # noqa: ARG002
        renderers: Iterable[BaseRenderer],
        format_suffix: str | None = None,  # noqa: ARG002
    ) -> tuple[BaseRenderer, str]:
        """The first one."""
        renderer = next(iter(renderers))
        return renderer, renderer.media_type


class ReportsView(generics.ListAPIView[ReportRun]):
    """The list of reports, and asking for one."""

    serializer_class = ReportSerializer
    queryset = ReportRun.objects.defer("error").order_by("-id")

    def get_permissions(self) -> list[BasePermission]:
        """Reading and asking are different rights."""
        codename = "generate_report" if self.request.method == "POST" else "view_reportrun"
        return [HasPerm(f"reports.{codename}")()]

    @extend_schema(
        tags=["reports"],
        summary="List reports",
        responses={200: ReportSerializer(many=True), **_REFUSED},
    )
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Reports, newest first."""
        return super().get(request, *args, **kwargs)

    @extend_schema(
        tags=["reports"],
        summary="Have a report made",
        request=ReportRequestSerializer,
        responses={202: ReportSerializer, **_REFUSED, **_NOT_FOUND},
        examples=[
            OpenApiExample("A day", {"kind": "DAILY", "date": "2026-11-21"}, request_only=True),
            OpenApiExample(
                "Any period",
                {
                    "kind": "CUSTOM",
                    "startDate": "2026-11-20T00:00:00Z",
                    "endDate": "2026-11-21T12:00:00Z",
                },
                request_only=True,
            ),
            OpenApiExample("Liquidity now", {"kind": "LIQUIDITY"}, request_only=True),
            OpenApiExample("An incident", {"kind": "INCIDENT", "incidentId": 3}, request_only=True),
        ],
    )
    def post(self, request: Request) -> Response:
        """A worker makes it; the answer is its place in the list. It is emailed when ready."""
        form = ReportRequestSerializer(data=request.data)
        form.is_valid(raise_exception=True)
        run = _requested(form.validated_data, Actor.of_request(request), clock.now())
        return Response(ReportSerializer(run).data, status=status.HTTP_202_ACCEPTED)


def _requested(asked: dict[str, Any], actor: Actor, at: datetime) -> ReportRun:
    kind = Kind(asked["kind"])
    if kind is Kind.LIQUIDITY:
        return operations.request_liquidity(actor=actor, at=at)
    if kind is Kind.INCIDENT:
        return operations.request_incident(incident_id=asked["incident_id"], actor=actor, at=at)
    if kind is Kind.DAILY:
        return operations.request(kind=kind, period=day(asked["date"]), actor=actor, at=at)
    start, end = (asked[name].astimezone(UTC) for name in ("start_date", "end_date"))
    return operations.request(kind=kind, period=Period(start, end), actor=actor, at=at)


class ReportView(APIView):
    """One report."""

    permission_classes = [HasPerm("reports.view_reportrun")]

    @extend_schema(
        tags=["reports"],
        summary="Read a report",
        responses={200: ReportDetailSerializer, **_REFUSED, **_NOT_FOUND},
    )
    def get(self, request: Request, run_id: int) -> Response:  # noqa: ARG002 - DRF's signature
        """A report with its data, which is null until it is ready."""
        return Response(ReportDetailSerializer(queries.run(run_id)).data)


class DailyReportView(APIView):
    """The daily report of a day."""

    permission_classes = [HasPerm("reports.view_reportrun")]

    @extend_schema(
        tags=["reports"],
        summary="Read the daily report of a day",
        parameters=[
            OpenApiParameter("date", OpenApiTypes.DATE, required=True, description="UTC day")
        ],
        responses={200: ReportDetailSerializer, **_REFUSED, **_NOT_FOUND},
    )
    def get(self, request: Request) -> Response:
        """The finished daily report of a UTC day."""
        try:
            asked = date.fromisoformat(request.query_params.get("date", ""))
        except ValueError as error:
            raise Invalid("date is a day such as 2026-11-21.", date=["Not a day."]) from error
        return Response(ReportDetailSerializer(queries.daily_on(asked)).data)


class DownloadView(APIView):
    """A report's file."""

    permission_classes = [HasPerm("reports.view_reportrun", "reports.download_report")]
    content_negotiation_class = AnyAccept

    @extend_schema(
        tags=["reports"],
        summary="Download a report",
        parameters=[
            OpenApiParameter("format", OpenApiTypes.STR, enum=list(FORMATS), default="pdf")
        ],
        responses={
            (200, "application/pdf"): OpenApiTypes.BINARY,
            409: OpenApiResponse(description="CONFLICT: the report is not ready"),
            **_REFUSED,
            **_NOT_FOUND,
        },
    )
    def get(self, request: Request, run_id: int) -> HttpResponse:
        """The file itself, not an envelope; who took it is noted."""
        name, content_type, content = operations.download(
            run_id=run_id,
            fmt=request.query_params.get("format", "pdf"),
            actor=Actor.of_request(request),
            at=clock.now(),
        )
        return HttpResponse(
            content,
            content_type=content_type,
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )
