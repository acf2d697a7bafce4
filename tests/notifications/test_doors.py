"""REST and admin: lists, send again, let be, by permission."""

import pytest
from django.urls import reverse

from apps.notifications.models import Notification
from apps.notifications.rules import Status
from tests.accounts.people import api_client, person, signed_in
from tests.notifications.helpers import tell

pytestmark = pytest.mark.django_db


def failed() -> Notification:
    tell(addresses=[], roles=["COMPLIANCE"], dedupe_key="nobody")
    tell(dedupe_key="refused")
    Notification.objects.filter(dedupe_key="refused", status="PENDING").update(
        status="SENDING", lease_until="2026-03-02T12:00:00Z"
    )
    Notification.objects.filter(dedupe_key="refused").update(
        status="FAILED", lease_until=None, failure_type="BOUNCED", error="552 <b>full</b>"
    )
    return Notification.objects.get(dedupe_key="refused")


class TestRest:
    def test_lists_by_status(self) -> None:
        failed()
        tell(dedupe_key="waiting")

        response = api_client(person("VIEWER")).get("/api/v1/notifications?status=FAILED")

        assert response.status_code == 200
        items = response.json()["data"]["items"]
        assert [item["failureType"] for item in items] == ["BOUNCED", "INVALID_RECIPIENT"]
        assert api_client(person("VIEWER")).get("/api/v1/notifications?status=X").status_code == 400

    def test_is_for_those_who_may(self) -> None:
        row = failed()

        assert api_client().get("/api/v1/notifications").status_code == 401
        assert api_client(person("INVESTOR")).get("/api/v1/notifications").status_code == 403
        viewer = api_client(person("VIEWER"))
        assert viewer.post(f"/api/v1/notifications/{row.pk}/resend").status_code == 403
        assert viewer.post(f"/api/v1/notifications/{row.pk}/dismiss").status_code == 403

    def test_resends_and_dismisses_once(self) -> None:
        row = failed()
        ana = api_client(person("OPERATOR"))

        assert ana.post(f"/api/v1/notifications/{row.pk}/dismiss").status_code == 200
        assert ana.post(f"/api/v1/notifications/{row.pk}/dismiss").status_code == 409
        assert ana.post(f"/api/v1/notifications/{row.pk}/resend").json()["data"]["status"] == (
            "PENDING"
        )
        assert ana.post("/api/v1/notifications/999999/resend").status_code == 404


class TestAdmin:
    def test_shows_the_list_and_a_message_escaped(self) -> None:
        row = failed()
        client = signed_in(person("OPERATOR"))

        listed = client.get(reverse("admin:notifications_notification_changelist"))
        page = client.get(reverse("admin:notifications_notification_change", args=[row.pk]))

        assert listed.status_code == page.status_code == 200
        assert b"<b>full</b>" not in listed.content + page.content
        assert b"Send again" in page.content

    def test_sends_again_by_post_and_permission_only(self) -> None:
        row = failed()
        url = reverse("admin:notifications_notification_act", args=[row.pk, "resend"])

        assert signed_in(person("OPERATOR")).get(url).status_code == 405
        assert signed_in(person("VIEWER")).post(url).status_code == 403
        response = signed_in(person("OPERATOR")).post(url, follow=True)

        assert b"will be sent again" in response.content
        assert Notification.objects.get(pk=row.pk).status == Status.PENDING
