"""Risk over REST: who may ask what, the board, forecasts, and an indicator over time."""

from datetime import datetime, timedelta

import pytest
from rest_framework.test import APIClient

from apps.core import clock
from apps.core.units import WAD
from apps.risk import operations
from apps.risk.models import Forecast
from apps.risk.operations import forecasting
from apps.risk.rules.figures import Horizon, Indicator
from apps.risk.rules.forecast_inputs import Due, Inputs
from tests.accounts.people import Person, api_client, person

from . import emergencies
from .raised import low
from .rest import (
    ANSWERS,
    NUMBERS,
    QUERIES_MAX,
    READS,
    ROOT,
    answer,
    fields,
    get,
    post,
    refusal,
    rita,
    soon,
    statements,
    viewer,
)
from .shown import a_day, calm, judged, short

__all__ = ["rita", "viewer"]

pytestmark = pytest.mark.django_db


@pytest.fixture
def forecasts(monkeypatch: pytest.MonkeyPatch) -> datetime:
    """Forecasts of a fund that owes 60,000 of its 100,000 USDT this week."""
    at = clock.now()

    def known(*, at: datetime) -> dict[Horizon, Inputs]:
        return {
            horizon: Inputs(
                origin=at,
                horizon=horizon,
                l1_assets=20_000 * WAD,
                l2_assets=80_000 * WAD,
                due=(Due(day=at.date(), assets=60_000 * WAD),),
            )
            for horizon in Horizon
        }

    monkeypatch.setattr(forecasting, "inputs_now", known)
    assert len(operations.make_forecasts(at=at)) == 3
    return at


class TestWho:
    @pytest.mark.parametrize("path", READS)
    def test_reading_wants_a_token_and_a_role(self, path: str, viewer: APIClient) -> None:
        assert refusal(APIClient().get(ROOT + path)) == (401, "AUTH_REQUIRED")
        assert refusal(api_client(person("INVESTOR")).get(ROOT + path)) == (403, "FORBIDDEN")
        assert viewer.get(ROOT + path).status_code in (200, 400, 404, 503)

    @pytest.mark.parametrize("name", ANSWERS)
    @pytest.mark.parametrize(
        ("role", "may"),
        [
            ("SUPER_ADMIN", True),
            ("ADMIN", True),
            ("RISK_OFFICER", True),
            ("OPERATOR", False),
            ("VIP_APPROVER", False),
            ("COMPLIANCE", False),
            ("FUND_MANAGER", False),
            ("VIEWER", False),
            ("INVESTOR", False),
        ],
    )
    def test_answering_wants_its_role(self, role: str, may: bool, name: str) -> None:
        response = answer(person(role), low(at=clock.now()), name)

        assert response.status_code == (200 if may else 403), response.json()

    @pytest.mark.parametrize(
        ("role", "may"),
        [
            ("SUPER_ADMIN", True),
            ("ADMIN", True),
            ("RISK_OFFICER", True),
            ("OPERATOR", True),
            ("VIP_APPROVER", False),
            ("COMPLIANCE", False),
            ("FUND_MANAGER", False),
            ("VIEWER", False),
            ("INVESTOR", False),
        ],
    )
    def test_asking_for_an_emergency_wants_its_role(self, role: str, may: bool) -> None:
        emergencies.team()

        response = post(person(role), "/emergency", {"reason": "The custodian stopped paying"})

        assert response.status_code == (202 if may else 403), response.json()

    @pytest.mark.parametrize(
        "path",
        ["/events/1/acknowledge", "/events/1/snooze", "/events/1/resolve", "/emergency"],
    )
    def test_acting_wants_a_token(self, path: str) -> None:
        assert refusal(APIClient().post(ROOT + path, {})) == (401, "AUTH_REQUIRED")

    @pytest.mark.parametrize("path", [*READS, "/emergency"])
    def test_other_methods_are_refused_in_the_envelope(self, path: str, rita: Person) -> None:
        response = api_client(rita).delete(ROOT + path)

        assert (response.status_code, response.json()["success"]) == (405, False)

    @pytest.mark.parametrize("number", NUMBERS)
    def test_what_is_not_there(self, number: str, viewer: APIClient, rita: Person) -> None:
        assert refusal(viewer.get(f"{ROOT}/events/{number}")) == (404, "NOT_FOUND")
        assert refusal(viewer.get(f"{ROOT}/incidents/{number}")) == (404, "NOT_FOUND")
        for name, said in ANSWERS.items():
            body = {**said, "until": soon()} if name == "snooze" else said
            assert refusal(post(rita, f"/events/{number}/{name}", body)) == (404, "NOT_FOUND")


class TestStatus:
    def test_before_the_first_judgement_nothing_is_normal(self, viewer: APIClient) -> None:
        data = get(viewer, "/status")

        assert (data["overallLevel"], data["overallScore"]) == ("UNKNOWN", None)
        assert data["reasons"] == ["Risk has not been judged yet."]
        assert (data["stale"], data["lastUpdated"]) == (True, None)
        groups = data["indicators"]
        assert {group["status"] for group in groups.values()} == {"UNKNOWN"}
        rows = [row for group in groups.values() for row in group["indicators"]]
        assert {row["name"] for row in rows} == set(Indicator)
        assert {(row["status"], row["value"]) for row in rows} == {("UNKNOWN", None)}

    def test_has_the_names_that_clients_know(self, viewer: APIClient) -> None:
        at = clock.now()
        judged(short(at))

        data = get(viewer, "/status")

        assert data["overallLevel"] == "HIGH"
        assert data["overallScore"].replace(".", "").isdigit()
        assert list(data["indicators"]) == [
            *("liquidity", "price", "concentration", "redemption", "operational"),
        ]
        liquidity = data["indicators"]["liquidity"]
        assert liquidity["status"] == "CRITICAL"
        l1 = liquidity["indicators"][0]
        assert (l1["name"], l1["value"], l1["threshold"], l1["status"]) == (
            *("l1_ratio", "0.071", "0.08"),
            "CRITICAL",
        )
        assert (l1["warningThreshold"], l1["criticalThreshold"]) == ("0.1", "0.08")
        assert data["indicators"]["price"]["status"] == "UNKNOWN"
        assert data["indicators"]["concentration"]["status"] == "NORMAL"
        assert data["lastUpdated"] == at.isoformat().replace("+00:00", "Z")
        assert data["openEvents"]["critical"] >= 1
        assert (data["incidentId"], data["stale"]) == (None, False)
        assert data["levelSince"] == data["lastUpdated"]

    def test_all_sixteen_indicators_are_in_one_group_each(self, viewer: APIClient) -> None:
        judged(calm(clock.now()))

        groups = get(viewer, "/status")["indicators"].values()

        names = [row["name"] for group in groups for row in group["indicators"]]
        assert sorted(names) == sorted(Indicator)

    def test_normal_that_nobody_confirms_is_unknown(self, viewer: APIClient) -> None:
        judged(calm(clock.now() - timedelta(hours=1)))

        data = get(viewer, "/status")

        assert (data["overallLevel"], data["stale"]) == ("UNKNOWN", True)
        assert "judged last at" in data["reasons"][0]
        assert data["lastUpdated"] is not None

    def test_worse_that_nobody_confirms_stands(self, viewer: APIClient) -> None:
        judged(short(clock.now() - timedelta(hours=1)))

        data = get(viewer, "/status")

        assert (data["overallLevel"], data["stale"]) == ("HIGH", True)

    def test_coverage_without_bound_and_too_small_samples_are_said(self, viewer: APIClient) -> None:
        judged(calm(clock.now(), liability_assets=0, sent_24h=1))

        groups = get(viewer, "/status")["indicators"].values()
        rows = {row["name"]: row for group in groups for row in group["indicators"]}

        assert rows["redemption_coverage"]["infinite"] is True
        assert rows["redemption_coverage"]["value"] is None
        assert rows["tx_failure_rate"]["tooFew"] is True

    def test_names_the_open_emergency(self, viewer: APIClient) -> None:
        emergencies.team()
        incident = emergencies.opened(at=clock.now())

        assert get(viewer, "/status")["incidentId"] == str(incident.pk)

    def test_takes_few_statements(self, viewer: APIClient) -> None:
        judged(short(clock.now()))

        assert statements(lambda: get(viewer, "/status")) <= QUERIES_MAX


class TestForecast:
    def test_before_the_first_there_is_none(self, viewer: APIClient) -> None:
        response = viewer.get(f"{ROOT}/liquidity-forecast")

        assert refusal(response) == (503, "SERVICE_UNAVAILABLE")
        assert "7d" in response.json()["error"]["message"]

    def test_has_the_names_that_clients_know(self, forecasts: datetime, viewer: APIClient) -> None:
        data = get(viewer, "/liquidity-forecast", horizon="7d")

        row = Forecast.objects.get(horizon="7d")
        assert data["horizon"] == "7d"
        assert data["currentLiquidity"] == {
            "L1": str(20_000 * WAD),
            "L2": str(80_000 * WAD),
            "available": str(row.available_assets),
        }
        assert data["forecast"] == {
            "expectedInflow": str(row.expected_inflow_assets),
            "expectedOutflow": str(row.expected_outflow_assets),
            "confirmedOutflow": str(60_000 * WAD),
            "probabilisticOutflow": str(row.probable_outflow_assets),
            "netFlow": str(row.net_flow_assets),
            "projectedBalance": str(row.projected_assets),
        }
        assert set(data["risk"]) == {
            *("shortfallProbability", "shortfallAmount", "confidenceInterval", "firstGapDay"),
        }
        assert data["risk"]["confidenceInterval"] == {
            "lower": str(row.lower_net_assets),
            "upper": str(row.upper_net_assets),
        }
        assert data["recommendation"]["action"] == row.advice
        assert data["recommendation"]["reason"] == row.advice_reason
        assert data["generatedAt"] == forecasts.isoformat().replace("+00:00", "Z")
        assert data["method"] == "UNIFORM"
        assert len(data["days"]) >= 7

    @pytest.mark.parametrize("horizon", list(Horizon))
    def test_of_every_horizon(self, horizon: str, forecasts: datetime, viewer: APIClient) -> None:
        assert get(viewer, "/liquidity-forecast", horizon=horizon)["horizon"] == horizon

    def test_is_of_seven_days_unless_said(self, forecasts: datetime, viewer: APIClient) -> None:
        assert get(viewer, "/liquidity-forecast")["horizon"] == "7d"

    @pytest.mark.parametrize("horizon", ["2d", "", "7D", "7d ", "-1"])
    def test_refuses_other_horizons(self, horizon: str, viewer: APIClient) -> None:
        response = viewer.get(f"{ROOT}/liquidity-forecast", {"horizon": horizon})

        assert fields(response) == {"horizon"}

    def test_takes_few_statements(self, forecasts: datetime, viewer: APIClient) -> None:
        assert statements(lambda: get(viewer, "/liquidity-forecast")) <= QUERIES_MAX


class TestMetricsHistory:
    def test_is_the_last_seven_days_unless_said(self, viewer: APIClient) -> None:
        now = clock.now()
        judged(calm(now - timedelta(days=8)))
        a_day(now)

        data = get(viewer, "/metrics/history", indicator="l1_ratio")

        assert (data["indicator"], data["unit"]) == ("l1_ratio", "SHARE")
        assert (data["warningThreshold"], data["criticalThreshold"]) == ("0.1", "0.08")
        stamps = [point["timestamp"] for point in data["points"]]
        assert len(stamps) == 25
        assert stamps == sorted(stamps)
        assert {point["status"] for point in data["points"]} == {"NORMAL"}
        assert data["points"][-1]["value"] == "0.13"

    def test_of_a_period(self, viewer: APIClient) -> None:
        now = clock.now()
        a_day(now)

        data = get(
            viewer,
            "/metrics/history",
            indicator="l1_ratio",
            startDate=(now - timedelta(hours=2, seconds=1)).isoformat(),
            endDate=now.isoformat(),
        )

        assert len(data["points"]) == 2

    def test_what_was_unknown_has_no_value(self, viewer: APIClient) -> None:
        judged(short(clock.now()))

        [point] = get(viewer, "/metrics/history", indicator="oracle_staleness")["points"]

        assert (point["value"], point["status"]) == (None, "UNKNOWN")

    def test_before_the_first_run_it_is_empty(self, viewer: APIClient) -> None:
        assert get(viewer, "/metrics/history", indicator="event_lag")["points"] == []

    @pytest.mark.parametrize(
        ("params", "field"),
        [
            ({}, "indicator"),
            ({"indicator": "mood"}, "indicator"),
            ({"indicator": "l1_ratio", "startDate": "x"}, "startDate"),
            ({"indicator": "l1_ratio", "startDate": "2999-01-01"}, "startDate"),
            ({"indicator": "l1_ratio", "startDate": "2020-01-01"}, "startDate"),
            ({"indicator": "l1_ratio", "endDate": "0001-01-02"}, "endDate"),
            (
                {"indicator": "l1_ratio", "startDate": "2026-03-02", "endDate": "2026-03-01"},
                "startDate",
            ),
        ],
    )
    def test_refuses_nonsense_by_field(
        self, params: dict[str, str], field: str, viewer: APIClient
    ) -> None:
        assert fields(viewer.get(f"{ROOT}/metrics/history", params)) == {field}

    def test_takes_few_statements(self, viewer: APIClient) -> None:
        a_day(clock.now())

        asked = statements(lambda: get(viewer, "/metrics/history", indicator="l1_ratio"))
        assert asked <= QUERIES_MAX
