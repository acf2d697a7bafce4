"""GET /fund/…: each view is one query and its shape."""

from datetime import timedelta
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core import clock
from apps.core.api import HasPerm, Pagination
from apps.core.errors import Invalid, NotFound, Unavailable
from apps.fund import queries
from apps.fund.api import serializers
from apps.fund.api.params import PERIOD, choice, period

DAY = timedelta(days=1)
SPAN_MAX = {"hourly": 367 * DAY, "daily": 3_700 * DAY, "weekly": 3_700 * DAY}
GAP_KINDS = {"hourly": "HOURLY", "daily": "DAILY", "weekly": "DAILY"}
"""Which snapshots an interval's points come from; a gap of theirs is a gap of the line."""
TIERS = ("L1", "L2", "L3")

_ERROR = {"$ref": "#/components/schemas/Error"}
_SAYS = {
    400: "VALIDATION_ERROR: a parameter makes no sense",
    401: "AUTH_REQUIRED, AUTH_INVALID or AUTH_EXPIRED",
    403: "FORBIDDEN: your role does not show the fund",
    404: "NOT_FOUND: there is no such account among the holders",
    503: "SERVICE_UNAVAILABLE: the fund has not been read yet",
}


class NoOverviewYet(Unavailable):
    """The fund was never read since this system was started for the first time."""


class NoSuchHolder(NotFound):
    """The account never held shares."""


def _errors(*statuses: int) -> dict[int, OpenApiResponse]:
    return {status: OpenApiResponse(_ERROR, description=_SAYS[status]) for status in statuses}


def _overview() -> queries.Overview:
    overview = queries.cached_overview()
    if overview is None:
        raise NoOverviewYet("The fund has not been read yet. Try again in a minute.")
    return overview


class _Pages:
    """One page of a list in the common envelope."""

    def __init__(self, request: Request, view: APIView) -> None:
        self._request, self._view, self._pagination = request, view, Pagination()

    def of(self, rows: Any) -> list[Any]:
        """The rows of the page asked for."""
        page: list[Any] | None = self._pagination.paginate_queryset(
            rows, self._request, view=self._view
        )
        return page or []

    def response(self, items: Any) -> Response:
        """Items with the page's place in the whole."""
        return self._pagination.get_paginated_response(items)


class OverviewView(APIView):
    """GET /fund/overview."""

    permission_classes = [HasPerm("fund.view_snapshot")]

    @extend_schema(
        tags=["fund"],
        summary="The fund at a glance",
        description="As of the newest final block that was read; at most a minute old.",
        responses={200: serializers.Overview, **_errors(401, 403, 503)},
        examples=[
            OpenApiExample(
                "overview",
                value={
                    "totalAssets": "12300000000000000000000000",
                    "sharePrice": "1025000000000000000",
                    "nav": "1.025000",
                    "aum": "12345678.00",
                    "layers": {"L1": {"value": "1234567.80", "ratio": "0.1000"}},
                    "emergencyMode": False,
                    "lastUpdated": "2026-03-02T09:30:00Z",
                },
                response_only=True,
            )
        ],
    )
    def get(self, request: Request) -> Response:  # noqa: ARG002
        """The newest overview."""
        return Response(serializers.Overview(_overview(), context={"at": clock.now()}).data)


class NavHistoryView(APIView):
    """GET /fund/nav/history."""

    permission_classes = [HasPerm("fund.view_navupdate")]

    @extend_schema(
        tags=["fund"],
        summary="NAV per share through time",
        description="The last point of each interval. Gaps are listed, never interpolated.",
        parameters=[
            *PERIOD,
            OpenApiParameter("interval", OpenApiTypes.STR, enum=list(SPAN_MAX), default="daily"),
        ],
        responses={200: serializers.NavHistory, **_errors(400, 401, 403)},
    )
    def get(self, request: Request) -> Response:
        """Points, gaps and performance."""
        interval = choice(request, "interval", tuple(SPAN_MAX)) or "daily"
        start, end = period(request, at=clock.now(), default=30 * DAY)
        if end - start > SPAN_MAX[interval]:
            raise Invalid(
                f"At most {SPAN_MAX[interval].days} days of {interval} points at once.",
                startDate="Ask for a shorter period.",
            )
        return Response(
            serializers.NavHistory(
                {
                    "interval": interval,
                    "start_date": start,
                    "end_date": end,
                    "points": queries.nav_history(start=start, end=end, interval=interval),
                    "gaps": queries.gaps(start=start, end=end, kind=GAP_KINDS[interval]),
                    "performance": queries.performance(),
                }
            ).data
        )


class LayersView(APIView):
    """GET /fund/liquidity/layers."""

    permission_classes = [HasPerm("fund.view_snapshot")]

    @extend_schema(
        tags=["fund"],
        summary="Liquidity tiers against their bands",
        responses={200: serializers.Liquidity, **_errors(401, 403, 503)},
    )
    def get(self, request: Request) -> Response:  # noqa: ARG002
        """Tiers as of the newest overview."""
        return Response(serializers.Liquidity(_overview(), context={"at": clock.now()}).data)


class AssetsView(APIView):
    """GET /fund/assets."""

    permission_classes = [HasPerm("fund.view_asset")]

    @extend_schema(
        tags=["fund"],
        summary="What the fund holds besides cash",
        parameters=[
            OpenApiParameter("tier", OpenApiTypes.STR, enum=list(TIERS)),
            OpenApiParameter(
                "active",
                OpenApiTypes.BOOL,
                description="true: only those open for purchases; false: only those that are not.",
            ),
        ],
        responses={200: serializers.Asset(many=True), **_errors(400, 401, 403)},
    )
    def get(self, request: Request) -> Response:
        """A page of the register."""
        active = choice(request, "active", ("true", "false"))
        rows = queries.assets(tier=choice(request, "tier", TIERS))
        if active is not None:
            rows = [row for row in rows if row.active is (active == "true")]
        pages = _Pages(request, self)
        return pages.response(serializers.Asset(pages.of(rows), many=True).data)


class FeesView(APIView):
    """GET /fund/fees."""

    permission_classes = [HasPerm("fund.view_feeentry")]

    @extend_schema(
        tags=["fund"],
        summary="Fees accrued, withdrawn and pending",
        parameters=PERIOD,
        responses={200: serializers.Fees, **_errors(400, 401, 403)},
    )
    def get(self, request: Request) -> Response:
        """Totals by kind, and the ledger's lines."""
        start, end = period(request, at=clock.now(), default=30 * DAY)
        totals = {row.kind.lower(): row for row in queries.fees(start=start, end=end)}
        overview = queries.latest_overview()
        return Response(
            serializers.Fees(
                {
                    "start_date": start,
                    "end_date": end,
                    "unpaid": overview.unpaid_fees_assets if overview else None,
                    "last_updated": overview.block_at if overview else None,
                    "entries": queries.fee_entries(start=start, end=end),
                    **totals,
                }
            ).data
        )


class HoldersView(APIView):
    """GET /fund/holders."""

    permission_classes = [HasPerm("fund.view_holder")]

    @extend_schema(
        tags=["fund"],
        summary="Who holds the fund, largest first",
        responses={200: serializers.Holder(many=True), **_errors(400, 401, 403)},
    )
    def get(self, request: Request) -> Response:
        """A page of those who hold shares."""
        pages = _Pages(request, self)
        overview = queries.cached_overview()
        page = [queries.holder_view(row, overview) for row in pages.of(queries.holder_rows())]
        return pages.response(serializers.Holder(page, many=True).data)


class HolderView(APIView):
    """GET /fund/holders/{address}."""

    permission_classes = [HasPerm("fund.view_holder")]

    @extend_schema(
        tags=["fund"],
        summary="One account's shares",
        responses={200: serializers.Holder, **_errors(400, 401, 403, 404)},
    )
    def get(self, request: Request, address: str) -> Response:  # noqa: ARG002
        """The account, whether or not it holds shares now."""
        found = queries.holder(address)
        if found is None:
            raise NoSuchHolder("This account never held shares of the fund.")
        return Response(serializers.Holder(found).data)
