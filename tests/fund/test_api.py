"""The shape of /fund/… and who may see it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from rest_framework.test import APIClient

from apps.chain.events import ManagementFeeCollected, SharesTransferred
from apps.core import clock
from apps.core.units import UINT256_MAX
from apps.fund import operations
from apps.fund.rules.terms import Terms
from tests.accounts.people import api_client, person
from tests.approvals.helpers import SYSTEM
from tests.fund.facts import ALICE, BOB, CHAIN_ID, CONTROLLER, START, TOKEN, USDT, ZERO, Logs
from tests.fund.states import asset, state
from tests.fund.test_projections import added

pytestmark = pytest.mark.django_db

PATHS = ["overview", "nav/history", "liquidity/layers", "assets", "fees", "holders"]


@pytest.fixture
def viewer() -> APIClient:
    return api_client(person("VIEWER"))


@pytest.fixture
def overview(django_capture_on_commit_callbacks: Any) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        operations.take_snapshot(
            kind="LIVE", chain_id=CHAIN_ID, slot=START, state=state(), at=START
        )


def get(client: APIClient, path: str, **params: Any) -> Any:
    response = client.get(f"/api/v1/fund/{path}", params)
    assert response.status_code == 200, response.json()
    return response.json()["data"]


@pytest.mark.parametrize("path", PATHS)
class TestWho:
    def test_nobody_without_a_token(self, path: str) -> None:
        response = APIClient().get(f"/api/v1/fund/{path}")

        assert response.status_code == 401
        assert response.json()["error"]["code"] == "AUTH_REQUIRED"

    def test_no_investor(self, path: str) -> None:
        response = api_client(person("INVESTOR")).get(f"/api/v1/fund/{path}")

        assert response.status_code == 403
        assert response.json()["error"]["code"] == "FORBIDDEN"

    @pytest.mark.usefixtures("overview")
    def test_every_member_of_staff(self, path: str, viewer: APIClient) -> None:
        assert viewer.get(f"/api/v1/fund/{path}").status_code == 200

    def test_nobody_may_write(self, path: str, viewer: APIClient) -> None:
        assert viewer.post(f"/api/v1/fund/{path}", {}).status_code == 405


class TestOverview:
    @pytest.mark.usefixtures("overview")
    def test_has_the_names_that_clients_know(self, viewer: APIClient) -> None:
        data = get(viewer, "overview")

        assert data["totalAssets"] == str(950_000 * USDT)
        assert data["totalSupply"] == str(1_000_000 * USDT)
        assert data["sharePrice"] == "1050000000000000000"
        assert data["nav"] == "1.050000"
        assert data["aum"] == "1000000.00"
        assert data["layer1Liquidity"] == str(100_000 * USDT)
        assert data["layer2Liquidity"] == str(300_000 * USDT)
        assert data["layer3Value"] == str(600_000 * USDT)
        assert data["totalRedemptionLiability"] == str(40_000 * USDT)
        assert data["totalLockedShares"] == str(38_000 * USDT)
        assert data["emergencyMode"] is False
        assert data["lastUpdated"] == "2026-03-02T09:30:00Z"
        age = (clock.now() - START).total_seconds()  # it was read at START, too
        assert age - 60 < data["ageSeconds"] <= age
        assert data["layers"]["L1"] == {
            "value": "100000.00",
            "ratio": "0.1000",
            "target": "0.1000",
            "min": "0.0500",
            "max": "0.2000",
            "withinBand": True,
        }

    def test_before_the_first_reading_is_unavailable(
        self, viewer: APIClient, django_capture_on_commit_callbacks: Any
    ) -> None:
        response = viewer.get("/api/v1/fund/overview")

        assert response.status_code == 503
        assert response.json()["error"]["code"] == "SERVICE_UNAVAILABLE"

    def test_unknown_figures_are_null(
        self, viewer: APIClient, django_capture_on_commit_callbacks: Any
    ) -> None:
        said = state(tiers=(), paused=None, available_liquidity=None, effective_supply=None)
        with django_capture_on_commit_callbacks(execute=True):
            operations.take_snapshot(
                kind="LIVE", chain_id=CHAIN_ID, slot=START, state=said, at=START
            )

        data = get(viewer, "overview")

        assert data["availableLiquidity"] is None
        assert data["paused"] is None
        assert data["layers"]["L2"]["target"] is None
        assert data["layers"]["L2"]["withinBand"] is None

    def test_the_largest_figures_are_exact(
        self, viewer: APIClient, django_capture_on_commit_callbacks: Any
    ) -> None:
        said = state(total_assets=UINT256_MAX, share_price=UINT256_MAX)
        with django_capture_on_commit_callbacks(execute=True):
            operations.take_snapshot(
                kind="LIVE", chain_id=CHAIN_ID, slot=START, state=said, at=START
            )

        data = get(viewer, "overview")

        assert data["totalAssets"] == str(UINT256_MAX)
        assert data["nav"] == f"{UINT256_MAX // 10**18}.{UINT256_MAX % 10**18 // 10**12:06}"


@pytest.mark.usefixtures("overview")
class TestNavHistory:
    def test_gives_points_gaps_and_performance(self, viewer: APIClient) -> None:
        operations.mark_gap(
            kind="HOURLY",
            chain_id=CHAIN_ID,
            slot=START.replace(minute=0),
            reason="No archive.",
            at=START,
        )

        data = get(
            viewer,
            "nav/history",
            startDate="2026-03-01",
            endDate="2026-03-02",
            interval="hourly",
        )

        assert data["startDate"] == "2026-03-01T00:00:00Z"
        assert data["endDate"] == "2026-03-03T00:00:00Z"
        assert data["points"] == [
            {
                "timestamp": "2026-03-02T09:30:00Z",
                "nav": "1.050000",
                "sharePrice": "1050000000000000000",
                "totalAssets": str(950_000 * USDT),
                "aum": "1000000.00",
                "blockNumber": 100,
                "origin": "snapshot",
            }
        ]
        assert data["gaps"] == [
            {"kind": "HOURLY", "timestamp": "2026-03-02T09:00:00Z", "reason": "No archive."}
        ]
        assert data["performance"]["change24h"] is None
        assert data["performance"]["inception"] == "2026-03-02T09:30:00Z"

    def test_hours_of_a_whole_year_may_be_asked_for(self, viewer: APIClient) -> None:
        data = get(
            viewer,
            "nav/history",
            startDate="2025-04-01",
            endDate="2026-03-31",
            interval="hourly",
        )

        assert len(data["points"]) == 1

    @pytest.mark.parametrize("interval", ["daily", "weekly"])
    def test_gaps_are_those_of_the_interval(self, viewer: APIClient, interval: str) -> None:
        for kind in ("HOURLY", "DAILY"):
            operations.mark_gap(
                kind=kind,
                chain_id=CHAIN_ID,
                slot=START.replace(hour=0, minute=0),
                reason="No archive.",
                at=START,
            )

        data = get(
            viewer, "nav/history", startDate="2026-03-01", endDate="2026-03-03", interval=interval
        )

        assert [gap["kind"] for gap in data["gaps"]] == ["DAILY"]
        assert len(data["points"]) == 1, "nothing stands in the place of a gap"

    @pytest.mark.parametrize(
        "params",
        [
            {"interval": "minutely"},
            {"startDate": "yesterday"},
            {"startDate": "2026-02-30"},
            {"startDate": "9999-12-31", "endDate": "9999-12-31"},
            {"startDate": "2026-03-03", "endDate": "2026-03-01"},
            {"startDate": "2020-01-01", "endDate": "2026-03-01", "interval": "hourly"},
            {"startDate": "2026-03-01\x00"},
        ],
    )
    def test_refuses_nonsense(self, viewer: APIClient, params: dict[str, str]) -> None:
        response = viewer.get("/api/v1/fund/nav/history", params)

        assert response.status_code == 400
        assert response.json()["error"]["code"] == "VALIDATION_ERROR"


@pytest.mark.usefixtures("overview")
class TestLayers:
    def test_says_what_l1_is_made_of(self, viewer: APIClient) -> None:
        data = get(viewer, "liquidity/layers")

        assert data["layer1Cash"] == str(60_000 * USDT)
        assert data["lastUpdated"] == data["takenAt"] == "2026-03-02T09:30:00Z"
        assert data["ageSeconds"] > 0
        assert data["buffer"] == str(100_000 * USDT)
        assert data["layers"]["L3"]["withinBand"] is False


class TestAssets:
    def test_lists_the_register_with_figures(
        self, viewer: APIClient, logs: Logs, project: Callable[..., None], overview: None
    ) -> None:
        project(added(logs))

        [item] = get(viewer, "assets")["items"]

        assert item["symbol"] == "MMF"
        assert item["balance"] == str(250_000 * 10**6)
        assert (item["price"], item["value"], item["weight"]) == ("1.200000", "300000.00", "0.3000")
        assert item["purchaseMethod"] == "SWAP"
        assert item["isActive"] is True
        assert (item["target"], item["targetWeight"]) == ("0.5000", "0.1500")
        assert (item["issuer"], item["maturesAt"]) == ("", None)

    @pytest.mark.usefixtures("overview")
    def test_says_who_issues_it(
        self, viewer: APIClient, logs: Logs, project: Callable[..., None]
    ) -> None:
        project(added(logs))
        operations.load_terms(
            terms={TOKEN: Terms(issuer="Larch <Street>")}, chain_id=CHAIN_ID, actor=SYSTEM, at=START
        )

        [item] = get(viewer, "assets")["items"]

        assert item["issuer"] == "Larch <Street>"

    def test_filters(
        self, viewer: APIClient, logs: Logs, project: Callable[..., None], overview: None
    ) -> None:
        project(added(logs))

        def count(**params: str) -> int:
            total: int = get(viewer, "assets", **params)["pagination"]["total"]
            return total

        assert count(tier="L2") == count(active="true") == 1
        assert count(tier="L1") == count(active="false") == 0
        assert viewer.get("/api/v1/fund/assets", {"tier": "L9"}).status_code == 400

    def test_says_how_the_price_moved_in_a_day(
        self, viewer: APIClient, logs: Logs, project: Callable[..., None], overview: None
    ) -> None:
        project(added(logs))
        for number, (at, price) in enumerate(
            [(START - timedelta(days=1), 10**18), (START + timedelta(minutes=1), 11 * 10**17)]
        ):
            said = state(90 + 90 * number, at, assets=(asset(price=price),))
            operations.take_snapshot(kind="LIVE", chain_id=CHAIN_ID, slot=at, state=said, at=at)

        [item] = get(viewer, "assets")["items"]

        assert item["change24h"] == "0.100000"


class TestFees:
    def test_totals_by_kind_and_lines(
        self, viewer: APIClient, logs: Logs, project: Callable[..., None], overview: None
    ) -> None:
        project(
            logs.fact(
                ManagementFeeCollected,
                CONTROLLER,
                fee_assets=5 * USDT,
                total_assets=1000 * USDT,
                period_seconds=365 * 86_400,
            )
        )

        data = get(viewer, "fees", startDate="2026-03-02", endDate="2026-03-02")

        assert data["management"] == {
            "accrued": str(5 * USDT),
            "accruals": 1,
            "withdrawn": None,  # the vault's cash does not add up: nobody ever subscribed
            "withdrawals": None,
            "withdrawnBy": None,
            "pending": str(7 * USDT),
            "rate": "0.0050",
        }
        assert data["redemption"]["withdrawn"] == "0"
        assert data["redemption"]["withdrawnBy"] == "EVENTS"
        assert (data["unpaid"], data["lastUpdated"]) == (None, "2026-03-02T09:30:00Z")
        assert [line["kind"] for line in data["entries"]] == ["MANAGEMENT"]


class TestHolders:
    def test_largest_first_in_pages(
        self, viewer: APIClient, logs: Logs, project: Callable[..., None], overview: None
    ) -> None:
        project(
            *(
                logs.fact(SharesTransferred, sender=ZERO, recipient=account, shares=shares * USDT)
                for account, shares in ((ALICE, 250_000), (BOB, 750_000))
            )
        )

        data = get(viewer, "holders", pageSize=1)

        assert data["pagination"] == {"total": 2, "page": 1, "pageSize": 1, "totalPages": 2}
        [item] = data["items"]
        assert item["address"] == BOB
        assert item["balance"] == str(750_000 * USDT)
        assert item["value"] == "787500.00"
        assert item["share"] == "0.7500"
        assert item["pending"] == "0"
        assert item["valuedAt"] == "2026-03-02T09:30:00Z"

    def test_one_of_them_by_any_spelling(
        self, viewer: APIClient, logs: Logs, project: Callable[..., None], overview: None
    ) -> None:
        project(logs.fact(SharesTransferred, sender=ZERO, recipient=ALICE, shares=USDT))

        data = get(viewer, f"holders/{ALICE.upper().replace('X', 'x')}")

        assert (data["address"], data["balance"]) == (ALICE, str(USDT))

    @pytest.mark.parametrize(
        ("address", "status", "code"),
        [
            (BOB, 404, "NOT_FOUND"),
            ("nobody", 400, "VALIDATION_ERROR"),
            ("0x", 400, "VALIDATION_ERROR"),
        ],
    )
    def test_a_stranger_is_not_found(
        self, viewer: APIClient, address: str, status: int, code: str
    ) -> None:
        response = viewer.get(f"/api/v1/fund/holders/{address}")

        assert response.status_code == status
        assert response.json()["error"]["code"] == code


class TestSchema:
    def test_documents_every_path(self, viewer: APIClient) -> None:
        response = viewer.get("/api/v1/schema", {"format": "json"})

        assert response.status_code == 200
        document = response.json()
        for path in PATHS:
            operation = document["paths"][f"/api/v1/fund/{path}"]["get"]
            assert operation["summary"]
            assert {"200", "401", "403"} <= set(operation["responses"])
        assert "sharePrice" in document["components"]["schemas"]["Overview"]["properties"]


@pytest.mark.parametrize(
    "dates",
    [
        {"endDate": "0001-01-05"},
        {"startDate": "0001-01-01T00:00:00+14:00"},
        {"endDate": "9999-12-31T23:59:59-14:00"},
        {"endDate": "9999-12-31"},
    ],
)
@pytest.mark.parametrize("path", ["nav/history", "fees"])
def test_dates_at_the_ends_of_the_calendar_are_refused(
    viewer: APIClient, path: str, dates: dict[str, str]
) -> None:
    response = viewer.get(f"/api/v1/fund/{path}", dates)

    assert response.status_code == 400
    assert response.json()["error"]["code"] == "VALIDATION_ERROR"
