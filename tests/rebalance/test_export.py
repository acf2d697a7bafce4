"""Plans as a file: exact figures, nothing that runs, written down."""

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.urls import reverse
from openpyxl import load_workbook

from apps.audit.models import OperationLog
from apps.core import clock
from apps.rebalance.models import Plan
from tests.accounts.people import Person, person, signed_in

from .running import USDT
from .shown import completed, failed

pytestmark = pytest.mark.django_db


class TestExport:
    @pytest.fixture
    def plans(self) -> list[Plan]:
        now = clock.now()
        return [completed(now - timedelta(days=3)), failed(now - timedelta(days=1))]

    def fetch(self, who: Person, file_format: str, **query: str) -> Any:
        url = reverse("admin:rebalance_plan_export", args=[file_format])
        return signed_in(who).get(url, query)

    def test_has_exact_figures_and_nothing_that_a_spreadsheet_runs(self, plans: list[Plan]) -> None:
        response = self.fetch(person("OPERATOR"), "xlsx")

        sheet = load_workbook(io.BytesIO(response.content)).active
        assert sheet is not None
        headers = [cell.value for cell in sheet[1]]
        row = {name: cell.value for name, cell in zip(headers, sheet[3], strict=True)}
        assert row["Plan"] == f"R-{plans[0].pk}"
        assert row["Realised (base units)"] == str(19_976 * USDT)
        assert row["L1 after (base units)"] == str(60_000 * USDT)
        assert row["Realised slippage (bp)"] == "12"
        assert row["Seconds"] == "90"
        assert row["Off projection (bp)"] == str(plans[0].deviation_bps) == "3"
        assert all(cell.data_type != "f" for line in sheet for cell in line)

    def test_neutralises_formulas_in_csv(self, plans: list[Plan]) -> None:
        text = self.fetch(person("OPERATOR"), "csv").content.decode("utf-8-sig")

        assert "'=cmd|" in text
        assert ",=cmd|" not in text

    def test_holds_what_the_list_was_narrowed_to_and_is_written_down(
        self, plans: list[Plan]
    ) -> None:
        response = self.fetch(person("OPERATOR"), "csv", status__exact="COMPLETED")

        assert response.content.decode("utf-8-sig").count("\n") == 2
        row = OperationLog.objects.get(action="rebalance.exported")
        assert row.after == {"rows": 1, "format": "csv", "filter": "status__exact=COMPLETED"}

    def test_asks_the_database_no_more_for_more_plans(
        self, plans: list[Plan], django_assert_max_num_queries: Callable[..., Any]
    ) -> None:
        for number in range(12):
            completed(clock.now() - timedelta(days=number))
        client = signed_in(person("OPERATOR"))
        cache.clear()

        with django_assert_max_num_queries(60):
            client.get(reverse("admin:rebalance_plan_export", args=["csv"]))

    def test_wants_its_permission_and_a_known_format(self, plans: list[Plan]) -> None:
        assert self.fetch(person("VIEWER"), "csv").status_code == 403
        assert self.fetch(person("OPERATOR"), "pdf").status_code == 404
