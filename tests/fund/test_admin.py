"""The fund's pages render, show figures with units, and write nothing."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.fund import models, operations
from apps.fund.models import LogRow
from tests.accounts.people import person, signed_in
from tests.fund.facts import ALICE, CHAIN_ID, START, Logs
from tests.fund.states import state
from tests.fund.test_projections import one_of_each

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("chain_file")]

PAGES = sorted(
    model._meta.model_name or ""
    for model in admin.site._registry
    if model._meta.app_label == "fund"
)


@pytest.fixture
def viewer() -> Client:
    return signed_in(person("VIEWER"))


@pytest.fixture
def history(logs: Logs, project: Callable[..., None]) -> None:
    project(*one_of_each(logs))
    for kind in ("LIVE", "HOURLY"):
        slot = START if kind == "LIVE" else START.replace(hour=10, minute=0)
        operations.take_snapshot(kind=kind, chain_id=CHAIN_ID, slot=slot, state=state(), at=START)
    operations.mark_gap(
        kind="DAILY", chain_id=CHAIN_ID, slot=START, reason="<b>no archive</b>", at=START
    )


def page(client: Client, name: str, *args: Any, **params: Any) -> str:
    response = client.get(reverse(f"admin:fund_{name}", args=args), params)
    assert response.status_code == 200
    return response.content.decode()


def count_of_own(captured: CaptureQueriesContext) -> int:
    """Queries for the page's own rows and labels; the shell around it caches its own."""
    return sum(
        '"fund_snapshot"' not in query["sql"]
        and ('"fund_' in query["sql"] or '"accounts_wallet"' in query["sql"])
        for query in captured.captured_queries
    )


def test_every_row_of_a_log_has_a_page() -> None:
    registered = set(admin.site._registry)

    assert set(LogRow.__subclasses__()) <= registered
    assert {models.Holder, models.Asset, models.ChainRole, models.Snapshot} <= registered


@pytest.mark.parametrize("name", PAGES)
class TestPages:
    def test_an_empty_list_renders(self, name: str, viewer: Client) -> None:
        page(viewer, f"{name}_changelist")

    @pytest.mark.usefixtures("history")
    def test_a_list_and_each_of_its_records_render(self, name: str, viewer: Client) -> None:
        model = next(m for m in admin.site._registry if m._meta.model_name == name)
        page(viewer, f"{name}_changelist")

        for pk in model._default_manager.values_list("pk", flat=True):
            assert 'name="_save"' not in page(viewer, f"{name}_change", pk)

    @pytest.mark.usefixtures("history")
    def test_a_list_takes_the_same_number_of_queries_however_long(
        self, name: str, viewer: Client, logs: Logs, project: Callable[..., None]
    ) -> None:
        page(viewer, f"{name}_changelist")
        with CaptureQueriesContext(connection) as before:
            page(viewer, f"{name}_changelist")

        for _ in range(3):
            project(*one_of_each(logs))
        with CaptureQueriesContext(connection) as after:
            page(viewer, f"{name}_changelist")

        assert count_of_own(after) == count_of_own(before)

    @pytest.mark.usefixtures("history")
    def test_nothing_can_be_written(self, name: str, viewer: Client) -> None:
        assert viewer.get(reverse(f"admin:fund_{name}_add")).status_code == 403
        model = next(m for m in admin.site._registry if m._meta.model_name == name)
        pk = model._default_manager.values_list("pk", flat=True).first()
        for action in ("change", "delete"):
            url = reverse(f"admin:fund_{name}_{action}", args=[pk])
            assert viewer.post(url, {}).status_code == 403

    def test_an_investor_sees_nothing(self, name: str) -> None:
        investor = signed_in(person("INVESTOR"))

        response = investor.get(reverse(f"admin:fund_{name}_changelist"))

        assert response.status_code == 302


@pytest.mark.usefixtures("history")
class TestContent:
    def test_a_gap_is_visible_and_its_reason_is_text(self, viewer: Client) -> None:
        text = page(viewer, "snapshot_changelist", status__exact="GAP")

        assert "Gap" in text
        assert "<b>no archive</b>" not in text

    def test_a_holder_links_to_their_history(self, viewer: Client) -> None:
        pk = models.Holder.objects.get(address=ALICE).pk

        text = page(viewer, "holder_change", pk)

        assert f"{reverse('admin:fund_subscription_changelist')}?q={ALICE}" in text
        assert f"{reverse('admin:redemptions_redemption_changelist')}?q={ALICE}" in text

    def test_a_holder_shows_what_came_in_and_went_out(self, viewer: Client) -> None:
        subscription = models.Subscription.objects.get()
        holder = models.Holder.objects.get(address=ALICE)
        models.Subscription.objects.update(receiver=ALICE)
        models.Payout.objects.update(owner=ALICE)

        text = page(viewer, "holder_change", holder.pk)

        payout = models.Payout.objects.get()
        assert subscription.tx_hash in text
        assert payout.tx_hash in text
        assert f"of request {payout.request_id}" in text

    def test_sums_are_of_what_the_search_shows(self, viewer: Client) -> None:
        everything = page(viewer, "subscription_changelist")
        nothing = page(viewer, "subscription_changelist", q="0x" + "99" * 20)

        assert "1</span> subscription<" in everything
        assert "0</span> subscriptions<" in nothing

    def test_unknown_roles_are_marked(
        self, viewer: Client, logs: Logs, project: Callable[..., None]
    ) -> None:
        text = page(viewer, "chainrole_changelist")

        assert "KEEPER_ROLE" in text

    def test_the_nav_page_has_its_line(self, viewer: Client) -> None:
        text = page(viewer, "navupdate_changelist")

        assert 'data-points="nav-points"' in text
        assert "Return a year" in text
