"""REST and admin: lists, send again, let be, read, choose, bounce; each by permission."""

from typing import Any

import pytest
from django.conf import LazySettings
from django.core.cache import cache
from django.urls import reverse
from rest_framework.throttling import ScopedRateThrottle

from apps.accounts.rules.roles import ROLES, STAFF_ROLES, grants
from apps.audit.models import OperationLog
from apps.notifications.api.bounces import HEADER
from apps.notifications.models import Notification, Preference
from apps.notifications.rules import Severity, Status
from tests.accounts.people import Person, api_client, person, signed_in
from tests.notifications.helpers import NOON, tell

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


def again(row: Notification) -> Notification:
    """The row as it is now."""
    return Notification.objects.get(pk=row.pk)


ROOT = "/api/v1/notifications"
SECRET = "a secret of the mail provider"


def in_app_of(who: Person, subject: str = "Rebalance R-1 failed") -> Notification:
    tell(dedupe_key=f"own:{subject}", addresses=[], user_ids=[who.id], subject=subject)
    return Notification.objects.get(channel="IN_APP", recipient=who.user, subject=subject)


def sent_mail() -> Notification:
    tell(dedupe_key="gone")
    Notification.objects.filter(dedupe_key="gone").update(
        status="SENDING", lease_until="2026-03-02T12:00:00Z", next_attempt_at=None, attempts=1
    )
    Notification.objects.filter(dedupe_key="gone").update(
        status="SENT", lease_until=None, sent_at=NOON, provider_id="<4711.0.9f2c@paimon.example>"
    )
    return Notification.objects.get(dedupe_key="gone")


class TestWho:
    """Every door by every role."""

    @pytest.mark.parametrize("role", sorted(ROLES))
    @pytest.mark.parametrize(
        ("method", "path", "permission"),
        [
            ("get", "", "notifications.view_notification"),
            ("get", "/preferences", "notifications.view_notification"),
            ("put", "/preferences", "notifications.view_notification"),
            ("post", "/{failed}/resend", "notifications.resend_notification"),
            ("post", "/{failed}/dismiss", "notifications.resend_notification"),
            ("post", "/{own}/read", "notifications.view_notification"),
        ],
    )
    def test_over_rest(self, role: str, method: str, path: str, permission: str) -> None:
        who = person(role)
        numbers = {"failed": failed().pk, "own": in_app_of(who).pk}
        body = {"preferences": [{"topicGroup": "RISK", "email": "DIGEST", "inApp": True}]}

        answer = getattr(api_client(who), method)(
            ROOT + path.format(**numbers), body if method == "put" else None, format="json"
        )

        assert answer.status_code == (200 if grants(role, permission) else 403)

    @pytest.mark.parametrize(
        ("method", "path"),
        [("get", ""), ("get", "/preferences"), ("put", "/preferences"), ("post", "/1/read")],
    )
    def test_nobody_without_a_token(self, method: str, path: str) -> None:
        assert getattr(api_client(), method)(ROOT + path).status_code == 401

    @pytest.mark.parametrize("role", sorted(STAFF_ROLES))
    @pytest.mark.parametrize(
        ("name", "method", "permission"),
        [
            ("notifications_inbox", "get", ""),
            ("notifications_inbox_panel", "get", ""),
            ("notifications_inbox_count", "get", ""),
            ("notifications_inbox_read", "post", ""),
            ("notifications_preferences", "get", ""),
            ("notifications_notification_changelist", "get", "notifications.view_notification"),
        ],
    )
    def test_in_the_admin(self, role: str, name: str, method: str, permission: str) -> None:
        answer = getattr(signed_in(person(role)), method)(reverse(f"admin:{name}"))

        allowed = not permission or grants(role, permission)
        assert answer.status_code == ((302 if method == "post" else 200) if allowed else 403)

    @pytest.mark.parametrize("role", sorted(STAFF_ROLES))
    @pytest.mark.parametrize("verb", ["resend", "dismiss"])
    def test_mending_in_the_admin(self, role: str, verb: str) -> None:
        row = failed()
        url = reverse("admin:notifications_inbox_mend", args=[row.pk, verb])

        answer = signed_in(person(role)).post(url)

        may = grants(role, "notifications.resend_notification")
        assert answer.status_code == (302 if may else 403)
        row = again(row)
        assert (row.status == Status.FAILED) is not may

    @pytest.mark.parametrize(
        "name", ["notifications_inbox", "notifications_inbox_panel", "notifications_preferences"]
    )
    def test_an_investor_gets_no_page(self, name: str) -> None:
        assert signed_in(person("INVESTOR")).get(reverse(f"admin:{name}")).status_code == 302


class TestFilters:
    @pytest.mark.parametrize(
        ("query", "subjects"),
        [
            ("channel=IN_APP", ["Mine"]),
            ("severity=CRITICAL", ["Grave"]),
            ("kind=OTHER", ["Other"]),
            ("unread=true", ["Mine"]),
            ("unread=false", []),
            ("status=PENDING&kind=OTHER", ["Other"]),
        ],
    )
    def test_narrow_the_list(self, query: str, subjects: list[str]) -> None:
        ana = person("VIEWER")
        tell(dedupe_key="grave", subject="Grave", severity=Severity.CRITICAL)
        tell(dedupe_key="other", subject="Other", kind="OTHER")
        in_app_of(ana, "Mine")

        answer = api_client(ana).get(f"{ROOT}?{query}")

        shown = [item["subject"].removeprefix("[Paimon TEST] ") for item in items(answer)]
        assert shown == subjects

    @pytest.mark.parametrize(
        ("query", "field"),
        [
            ("status=X", "status"),
            ("channel=PIGEON", "channel"),
            ("severity=SO-SO", "severity"),
            ("kind=a%27b", "kind"),
            ("unread=perhaps", "unread"),
        ],
    )
    def test_nonsense_is_named_by_field(self, query: str, field: str) -> None:
        answer = api_client(person("VIEWER")).get(f"{ROOT}?{query}")

        assert answer.status_code == 400
        assert field in answer.json()["error"]["details"]


class TestReading:
    def test_marks_ones_own_once(self) -> None:
        ana = person("VIEWER")
        row = in_app_of(ana)

        first, second = (
            api_client(ana).post(f"{ROOT}/{row.pk}/read").json()["data"]["readAt"] for _ in "12"
        )

        assert first == second is not None

    def test_somebody_elses_is_not_there(self) -> None:
        row = in_app_of(person("VIEWER"))

        answer = api_client(person("VIEWER")).post(f"{ROOT}/{row.pk}/read")

        assert answer.status_code == 404
        row = again(row)
        assert row.read_at is None


class TestPreferences:
    def test_are_kept_and_audited(self) -> None:
        ana = person("OPERATOR")
        body = {"preferences": [{"topicGroup": "RISK", "email": "DIGEST", "inApp": False}]}

        answer = api_client(ana).put(f"{ROOT}/preferences", body)

        shown = {one["topicGroup"]: one for one in answer.json()["data"]["preferences"]}
        assert (shown["RISK"]["email"], shown["RISK"]["inApp"]) == ("DIGEST", False)
        assert shown["REPORTS"]["email"] == "IMMEDIATE"
        entry = OperationLog.objects.get(action="notification.preference_changed")
        assert (entry.actor_user_id, entry.object_id) == (ana.id, str(ana.id))

    @pytest.mark.parametrize(
        "wrong",
        [
            {},
            {"preferences": []},
            {"preferences": [{"topicGroup": "WEATHER", "email": "OFF", "inApp": True}]},
            {"preferences": [{"topicGroup": "RISK", "email": "FAX", "inApp": True}]},
            {"preferences": [{"topicGroup": "RISK", "email": "OFF"}]},
            {"preferences": [{"topicGroup": "RISK", "email": "OFF", "inApp": True}] * 2},
        ],
    )
    def test_nonsense_is_refused_and_changes_nothing(self, wrong: dict[str, Any]) -> None:
        answer = api_client(person("OPERATOR")).put(f"{ROOT}/preferences", wrong)

        assert answer.status_code == 400
        assert not Preference.objects.exists()

    def test_a_page_without_all_choices_is_refused(self) -> None:
        client = signed_in(person("OPERATOR"))

        answer = client.post(reverse("admin:notifications_preferences"), {"email_RISK": "OFF"})

        assert answer.status_code == 400
        assert not Preference.objects.exists()


class TestBounces:
    @pytest.fixture(autouse=True)
    def secret(self, settings: LazySettings) -> None:
        cache.clear()
        settings.MAIL_BOUNCE_SECRET = SECRET

    def bounce(self, message_id: str, secret: str | None = SECRET, **changes: Any) -> Any:
        body = {"messageId": message_id, "type": "INVALID_RECIPIENT", "detail": "550 no such user"}
        headers = {} if secret is None else {HEADER: secret}
        return api_client().post(f"{ROOT}/bounces", body | changes, format="json", headers=headers)

    def test_a_mail_that_left_did_not_arrive(self) -> None:
        row = sent_mail()

        answer = self.bounce(row.provider_id)

        assert (answer.status_code, answer.json()["data"]) == (202, {"accepted": True})
        row = again(row)
        assert (row.status, row.failure_type) == (Status.FAILED, "INVALID_RECIPIENT")

    def test_an_unknown_mail_is_answered_the_same(self) -> None:
        known, unknown = self.bounce(sent_mail().provider_id), self.bounce("<1.0.x@paimon.example>")

        assert unknown.status_code == known.status_code
        assert unknown.json()["data"] == known.json()["data"]

    @pytest.mark.parametrize("secret", [None, "", "wrong", SECRET + "x", "sécret"])
    def test_without_the_secret_nothing_happens(self, secret: str | None) -> None:
        row = sent_mail()

        answer = self.bounce(row.provider_id, secret)

        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "AUTH_INVALID")
        row = again(row)
        assert row.status == Status.SENT

    def test_with_no_secret_configured_nobody_may(self, settings: LazySettings) -> None:
        settings.MAIL_BOUNCE_SECRET = ""

        assert self.bounce(sent_mail().provider_id, "").status_code == 401

    @pytest.mark.parametrize("wrong", [{"type": "GONE"}, {"messageId": ""}, {"detail": None}])
    def test_nonsense_is_named(self, wrong: dict[str, Any]) -> None:
        assert self.bounce("<1@paimon.example>", **wrong).status_code == 400

    def test_has_a_rate(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(ScopedRateThrottle.THROTTLE_RATES, "bounces", "2/min")

        codes = [self.bounce("<1@paimon.example>", "wrong").status_code for _ in range(3)]

        assert codes == [401, 401, 429]


def items(answer: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = answer.json()["data"]["items"]
    return found


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

    def test_many_at_once_over_a_page_between(self) -> None:
        row = failed()
        client, url = (
            signed_in(person("OPERATOR")),
            reverse("admin:notifications_notification_changelist"),
        )
        chosen = {"action": "dismiss_failed", "_selected_action": [row.pk]}

        between = client.post(url, chosen)
        row = again(row)
        assert b"What will happen" in between.content
        assert row.status == Status.FAILED

        after = client.post(url, {**chosen, "sure": "yes"})
        row = again(row)
        assert b"What was done" in after.content
        assert row.status == Status.DISMISSED

    def test_many_at_once_says_per_row_what_was_refused(self) -> None:
        failed()
        nobody = Notification.objects.get(dedupe_key="nobody")
        url = reverse("admin:notifications_notification_changelist")
        chosen = {"action": "resend_failed", "_selected_action": [nobody.pk], "sure": "yes"}

        after = signed_in(person("OPERATOR")).post(url, chosen)

        assert b"has no address to be sent to" in after.content

    def test_many_at_once_is_not_for_viewers(self) -> None:
        row = failed()
        url = reverse("admin:notifications_notification_changelist")
        chosen = {"action": "dismiss_failed", "_selected_action": [row.pk], "sure": "yes"}

        signed_in(person("VIEWER")).post(url, chosen)

        row = again(row)
        assert row.status == Status.FAILED

    def test_the_panel_escapes_and_a_viewer_sees_no_failures(self) -> None:
        ana = person("VIEWER")
        failed()
        in_app_of(ana, "<b>hot</b>")

        panel = signed_in(ana).get(reverse("admin:notifications_inbox_panel")).content

        assert b"<b>hot</b>" not in panel
        assert b"&lt;b&gt;hot" in panel
        assert b"Did not arrive" not in panel

    def test_reading_marks_ones_own_only(self) -> None:
        ana, ben = person("OPERATOR"), person("OPERATOR")
        mine, other = in_app_of(ana), in_app_of(ben)
        client, url = signed_in(ana), reverse("admin:notifications_inbox_read")

        assert client.get(url).status_code == 405
        assert client.post(url, {"id": "x"}).status_code == 400
        client.post(url, {"id": str(other.pk)})
        client.post(url, {"id": str(mine.pk)})

        mine = again(mine)
        other = again(other)
        assert (mine.read_at is None, other.read_at is None) == (False, True)
