"""REST and admin: asking, reading, downloading, by permission; and the mail that brings it."""

import io
import os
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.conf import LazySettings
from django.urls import reverse
from openpyxl import load_workbook
from pypdf import PdfReader

from apps.audit.models import OperationLog
from apps.core import clock
from apps.notifications import delivery
from apps.reports import operations
from apps.reports.models import ReportRun
from apps.reports.rules import Kind, Status
from devstack.mail import Mail
from tests.accounts.people import Person, api_client, person, signed_in
from tests.reports.test_operations import AFTER, TODAY, a_day_of_the_fund, ask, make
from tests.reports.test_risk_reports import an_incident

pytestmark = pytest.mark.django_db(transaction=True)


def ready(who: Person | None = None) -> ReportRun:
    run = ask(actor=who.actor) if who else ask()
    make()
    return ReportRun.objects.get(pk=run.pk)


class TestRest:
    def test_asks_for_a_day_and_reads_it(self) -> None:
        a_day_of_the_fund()
        ana = api_client(person("OPERATOR"))

        asked = ana.post(
            "/api/v1/reports", {"kind": "DAILY", "date": TODAY.start.date().isoformat()}, "json"
        )
        assert asked.status_code == 202
        make(clock.now())

        [item] = ana.get("/api/v1/reports").json()["data"]["items"]
        assert (item["id"], item["status"]) == (asked.json()["data"]["id"], "READY")
        read = ana.get(f"/api/v1/reports/daily?date={TODAY.start.date()}").json()["data"]
        assert read["report"]["redemptions"]["settled"]["netAssets"] == str(119_500 * 10**18)
        assert ana.get(f"/api/v1/reports/{item['id']}").json()["data"]["report"] == read["report"]

    @pytest.mark.parametrize(
        "body",
        [
            {"kind": "DAILY"},
            {"kind": "WEEKLY", "date": "2026-03-02"},
            {"kind": "DAILY", "date": "2026-03-02", "startDate": "2026-03-02T00:00:00Z"},
            {"kind": "CUSTOM", "startDate": "2026-03-02T00:00:00Z"},
            {
                "kind": "CUSTOM",
                "startDate": "2026-03-02T00:00:00Z",
                "endDate": "2026-03-01T00:00:00Z",
            },
            {"kind": "DAILY", "date": "2999-01-01"},
            {"kind": "LIQUIDITY", "date": "2026-03-02"},
            {"kind": "INCIDENT"},
            {"kind": "INCIDENT", "incidentId": 0},
            {"kind": "CUSTOM", "incidentId": 1},
        ],
    )
    def test_nonsense_is_refused(self, body: dict[str, str]) -> None:
        response = api_client(person("OPERATOR")).post("/api/v1/reports", body, "json")

        assert response.status_code == 400
        assert response.json()["error"]["code"] == "VALIDATION_ERROR"
        assert not ReportRun.objects.exists()

    def test_downloads_with_a_note_of_who(self) -> None:
        run = ready()
        who = person("VIEWER")

        pdf = api_client(who).get(f"/api/v1/reports/{run.pk}/download?format=pdf")
        xlsx = api_client(who).get(f"/api/v1/reports/{run.pk}/download?format=xlsx")

        assert (pdf.status_code, pdf["Content-Type"]) == (200, "application/pdf")
        assert "attachment" in pdf["Content-Disposition"]
        assert PdfReader(io.BytesIO(pdf.content)).pages
        assert "Summary" in load_workbook(io.BytesIO(xlsx.content)).sheetnames
        notes = OperationLog.objects.filter(action="report.downloaded")
        assert [note.actor_name for note in notes] == [who.user.username] * 2

    def test_refuses_other_formats_early_downloads_and_strangers(self) -> None:
        run = ask()
        viewer = api_client(person("VIEWER"))
        url = f"/api/v1/reports/{run.pk}/download"

        assert viewer.get(url).status_code == 409
        make()
        assert viewer.get(f"{url}?format=exe").status_code == 400
        assert viewer.get("/api/v1/reports/999999/download").status_code == 404
        assert viewer.get("/api/v1/reports/daily?date=yesterday").status_code == 400
        assert viewer.get("/api/v1/reports/daily?date=2020-01-01").status_code == 404
        assert viewer.post("/api/v1/reports", {"kind": "DAILY"}, "json").status_code == 403
        assert api_client(person("INVESTOR")).get(url).status_code == 403
        assert api_client().get(url).status_code == 401


class TestRiskOverRest:
    def test_asks_for_liquidity_and_for_an_incident(self) -> None:
        incident = an_incident(closed=True)
        ana = api_client(person("OPERATOR"))

        liquidity = ana.post("/api/v1/reports", {"kind": "LIQUIDITY"}, "json")
        about = ana.post("/api/v1/reports", {"kind": "INCIDENT", "incidentId": incident.pk}, "json")

        assert (liquidity.status_code, about.status_code) == (202, 202)
        assert about.json()["data"]["incidentId"] == incident.pk
        assert about.json()["data"]["title"] == f"Incident {incident.pk} report"
        make(clock.now())
        assert set(ReportRun.objects.values_list("status", flat=True)) == {"READY"}
        run = ReportRun.objects.get(kind="INCIDENT")
        file = ana.get(f"/api/v1/reports/{run.pk}/download?format=pdf")
        assert file.status_code == 200
        assert f"paimon-incident-20260302T1200Z-{run.pk}.pdf" in file["Content-Disposition"]

    def test_an_incident_that_there_is_not_is_not_found(self) -> None:
        ana = api_client(person("OPERATOR"))

        response = ana.post("/api/v1/reports", {"kind": "INCIDENT", "incidentId": 404}, "json")

        assert response.status_code == 404
        assert not ReportRun.objects.exists()


class TestRiskInTheAdmin:
    def test_asks_by_the_forms_and_shows_the_story(self) -> None:
        incident = an_incident(closed=True)
        client = signed_in(person("RISK_OFFICER"))
        page = reverse("admin:reports_reportrun_make")

        client.post(page, {"form": "liquidity"})
        client.post(page, {"form": "incident", "incident": str(incident.pk)})
        make(clock.now())

        run = ReportRun.objects.get(kind="INCIDENT")
        shown = client.get(reverse("admin:reports_reportrun_change", args=[run.pk]))
        assert "The level of risk became critical." in shown.content.decode()
        assert "Be quicker." in shown.content.decode()
        assert ReportRun.objects.filter(kind="LIQUIDITY", status="READY").count() == 1

    def test_says_that_there_is_no_such_incident(self) -> None:
        client = signed_in(person("OPERATOR"))

        response = client.post(
            reverse("admin:reports_reportrun_make"), {"form": "incident", "incident": "404"}
        )

        assert "There is no incident 404." in response.content.decode()
        assert not ReportRun.objects.exists()


class TestAdmin:
    def test_asks_by_the_form_and_shows_the_report(self) -> None:
        a_day_of_the_fund()
        client = signed_in(person("OPERATOR"))
        page = reverse("admin:reports_reportrun_make")
        assert client.get(page).status_code == 200

        answer = client.post(page, {"form": "day", "date": "2026-03-02"}, follow=True)
        run = ReportRun.objects.get()
        assert (run.kind, run.period) == (Kind.DAILY, TODAY)
        assert b"It is being made" in answer.content
        make(clock.now())

        shown = client.get(reverse("admin:reports_reportrun_change", args=[run.pk])).content
        assert b"Download PDF" in shown
        assert b"119,500.00 USDT" in shown
        listed = client.get(reverse("admin:reports_reportrun_changelist")).content
        assert b"Daily report 2026-03-02" in listed

    def test_any_period_is_read_as_utc(self) -> None:
        client = signed_in(person("OPERATOR"))

        client.post(
            reverse("admin:reports_reportrun_make"),
            {"form": "period", "start": "2026-03-02T00:00", "end": "2026-03-02T12:30"},
        )

        run = ReportRun.objects.get()
        assert (run.kind, run.period.end - run.period.start) == (
            Kind.CUSTOM,
            timedelta(hours=12, minutes=30),
        )

    def test_a_period_that_makes_no_sense_is_said_on_the_form(self) -> None:
        answer = signed_in(person("OPERATOR")).post(
            reverse("admin:reports_reportrun_make"),
            {"form": "period", "start": "2026-03-02T00:00", "end": "2026-03-01T00:00"},
        )

        assert b"ends before it begins" in answer.content
        assert not ReportRun.objects.exists()

    def test_each_thing_by_its_permission(self) -> None:
        run = ready()
        download = reverse("admin:reports_reportrun_download", args=[run.pk, "pdf"])

        viewer = signed_in(person("VIEWER"))
        assert viewer.get(reverse("admin:reports_reportrun_make")).status_code == 403
        assert viewer.get(download).status_code == 200
        assert OperationLog.objects.filter(action="report.downloaded").count() == 1
        stranger = signed_in(person("INVESTOR"))
        assert stranger.get(download).status_code == 302  # to the sign-in page


class TestMail:
    def test_arrives_with_the_very_files_that_are_downloaded(
        self, mail_server: Mail, settings: LazySettings
    ) -> None:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_PORT = urlsplit(os.environ["EMAIL_URL"]).port
        a_day_of_the_fund()
        ana = person("OPERATOR")
        run = operations.request(kind=Kind.CUSTOM, period=TODAY, actor=ana.actor, at=AFTER)
        make()
        assert ReportRun.objects.get(pk=run.pk).status == Status.READY

        delivery.deliver_due(lambda: AFTER)

        [message] = mail_server.messages()
        assert message["Delivered-To"] == ana.user.email
        attached = {
            part.get_content_type(): part.get_content() for part in message.iter_attachments()
        }
        for fmt in ("pdf", "xlsx"):
            _, content_type, content = operations.download(
                run_id=run.pk, fmt=fmt, actor=ana.actor, at=AFTER
            )
            assert attached[content_type] == content
        body = message.get_body(("plain",))
        assert body is not None
        assert "Redemptions paid, net: 119,500.00 USDT" in body.get_content()


class TestTheLastDayOfTheCalendar:
    def test_is_refused_by_rest(self) -> None:
        ana = api_client(person("OPERATOR"))

        asked = ana.post("/api/v1/reports", {"kind": "DAILY", "date": "9999-12-31"}, "json")
        read = ana.get("/api/v1/reports/daily?date=9999-12-31")

        assert (asked.status_code, read.status_code) == (400, 400)

    def test_is_refused_by_the_page(self) -> None:
        client = signed_in(person("OPERATOR"))

        response = client.post(
            reverse("admin:reports_reportrun_make"), {"form": "day", "date": "9999-12-31"}
        )

        assert response.status_code == 200
        assert response.context["forms"]["day"].errors
        assert not ReportRun.objects.exists()
