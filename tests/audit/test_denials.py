"""Who was refused what they may not do is in the log, once a minute for each door."""

import pytest
from django.core.cache import cache
from django.urls import reverse

from apps.audit.models import OperationLog
from apps.core.denials import tell_denied
from tests.accounts.people import api_client, person, signed_in

pytestmark = pytest.mark.django_db
EXPORT = "admin:redemptions_redemption_export"


def denials() -> list[OperationLog]:
    return list(OperationLog.objects.filter(action="permission.denied").order_by("id"))


@pytest.fixture(autouse=True)
def _fresh_cache() -> None:
    cache.clear()


def test_a_refused_admin_page_is_noted_with_who_and_where() -> None:
    vic = person("VIEWER")

    response = signed_in(vic).get(reverse(EXPORT, args=["csv"]))

    assert response.status_code == 403
    [row] = denials()
    assert (row.actor_user_id, row.object_id) == (vic.id, reverse(EXPORT, args=["csv"]))
    assert row.result != "OK"


def test_a_refused_rest_call_is_noted() -> None:
    investor = person("INVESTOR")

    response = api_client(investor).get("/api/v1/fund/holders")

    assert response.status_code == 403
    [row] = denials()
    assert (row.actor_user_id, row.object_id) == (investor.id, "/api/v1/fund/holders")


def test_knocking_again_and_again_does_not_flood_the_log() -> None:
    client = api_client(person("INVESTOR"))

    for number in range(5):
        assert client.get(f"/api/v1/approvals/{number}").status_code == 403

    assert len(denials()) == 1


def test_somebody_unknown_is_not_noted() -> None:
    assert api_client().get("/api/v1/fund/holders").status_code == 401
    assert denials() == []


def test_what_the_log_cannot_take_does_not_change_the_answer() -> None:
    tell_denied(None, "a request that has no user")  # must not raise

    assert denials() == []
