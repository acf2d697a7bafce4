"""Messages go into the outbox with their cause, once, and stay as they were worded."""

import pytest
import redis
from django.db import IntegrityError, connection, transaction
from django_fsm import TransitionNotAllowed

from apps.accounts.models import User
from apps.audit.models import OperationLog
from apps.core import bell
from apps.core.actor import Actor
from apps.notifications import operations, queries
from apps.notifications.models import Notification
from apps.notifications.rules import TRANSITIONS, Channel, FailureType, HeldFor, Severity, Status
from tests.accounts.people import person
from tests.notifications.helpers import NOON, later, only, tell

ADA = Actor(kind="user", name="ada", user_id=None)


@pytest.mark.django_db
class TestNotify:
    def test_tells_each_holder_of_the_role_but_the_maker(self) -> None:
        victor, vera = person("VIP_APPROVER"), person("VIP_APPROVER")
        person("OPERATOR")

        tell(addresses=[], roles=["VIP_APPROVER"], except_user_ids=[vera.id])

        assert only().recipient_id == victor.id
        assert only().address == victor.user.email

    def test_tells_the_same_thing_once(self) -> None:
        first = tell()

        again = tell(subject="Worded otherwise", at=later(minutes=1))

        assert len(first) == 1
        assert again == []
        assert "redemption 7" in only().subject

    def test_somebody_in_two_roles_gets_one_mail_and_one_note(self) -> None:
        both = person("ADMIN", "RISK_OFFICER")

        tell(addresses=[both.user.email.upper()], roles=["ADMIN", "RISK_OFFICER"])

        assert Notification.objects.count() == 2
        assert only().address == both.user.email
        assert only(Channel.IN_APP).recipient_id == both.id

    def test_the_back_office_shows_it_at_once_until_it_was_read(self) -> None:
        vera, victor = person("VIP_APPROVER"), person("VIP_APPROVER")

        tell(addresses=[], roles=["VIP_APPROVER"])

        [row] = queries.in_app(vera.id)
        assert (row.status, row.sent_at, row.read_at) == (Status.SENT, NOON, None)
        assert row.subject == "Decision needed: redemption 7"
        assert operations.mark_read(user_id=vera.id, at=later(minutes=1)) == 1
        assert operations.mark_read(user_id=vera.id, at=later(minutes=2)) == 0
        assert (queries.unread_count(vera.id), queries.unread_count(victor.id)) == (0, 1)
        assert queries.in_app(vera.id)[0].read_at == later(minutes=1)

    def test_nobody_reads_for_another(self) -> None:
        vera, victor = person("VIP_APPROVER"), person("VIP_APPROVER")
        tell(addresses=[], roles=["VIP_APPROVER"])
        [hers] = queries.in_app(vera.id)

        assert operations.mark_read(user_id=victor.id, notification_ids=[hers.pk], at=NOON) == 0
        assert queries.unread_count(vera.id) == 1

    def test_nobody_to_tell_is_a_failure_that_shows(self) -> None:
        tell(addresses=[], roles=["VIP_APPROVER"])

        assert only().status == Status.FAILED
        assert only().failure_type == FailureType.INVALID_RECIPIENT
        assert "VIP_APPROVER" in only().error
        assert queries.failed_count() == 1

    def test_an_inactive_person_is_not_told(self) -> None:
        gone = person("VIP_APPROVER")
        User.objects.filter(pk=gone.id).update(is_active=False)

        tell(addresses=[], roles=["VIP_APPROVER"], user_ids=[gone.id])

        assert only().address == ""

    def test_an_old_alert_is_recorded_and_not_sent(self) -> None:
        tell(happened_at=NOON, at=later(minutes=61))

        assert only().status == Status.RECORDED
        assert operations.claim_next(later(days=1), channel=Channel.EMAIL) is None

    def test_goes_with_its_cause_when_that_is_rolled_back(self) -> None:
        with transaction.atomic():
            tell()
            transaction.set_rollback(True)

        assert not Notification.objects.exists()

    def test_everything_of_others_is_escaped(self) -> None:
        tell(
            subject="Redemption\r\nBcc: evil@example.org",
            body="<script>alert(1)</script>",
            details=[("Reason", "line\nDecision: APPROVED \u202e <b>")],
        )

        row = only()
        assert row.subject == "[Paimon TEST] Redemption Bcc: evil@example.org"
        assert "<script>" not in row.html
        assert "&lt;script&gt;" in row.html
        assert "\u202e" not in row.html + row.text
        assert "Reason: line Decision: APPROVED [U+202E] <b>" in row.text


@pytest.mark.django_db(transaction=True)
class TestBell:
    def test_a_dead_broker_does_not_stop_the_cause(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def dead(*_args: object, **_kwargs: object) -> None:
            raise redis.ConnectionError

        monkeypatch.setattr(bell.current_app, "send_task", dead)

        tell()

        assert only().status == Status.PENDING

    def test_rings_once_for_many_messages_of_one_cause(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        rung: list[str] = []
        monkeypatch.setattr(bell.current_app, "send_task", lambda name, **_: rung.append(name))

        with transaction.atomic():
            tell(addresses=["a@example.org", "b@example.org"])
            tell(dedupe_key="test:2")

        assert rung == ["notifications.deliver"]


@pytest.mark.django_db
class TestPeople:
    def failed(self) -> Notification:
        tell(addresses=["ana@example.org"])
        row = operations.claim_next(NOON, channel=Channel.EMAIL)
        assert row is not None
        operations.record_failure(
            notification_id=row.pk,
            attempt=row.attempts,
            failure=operations_failure(),
            at=NOON,
        )
        return only()

    def test_resend_starts_over_and_is_audited(self) -> None:
        row = self.failed()

        operations.resend(notification_id=row.pk, actor=ADA, at=later(hours=1))

        assert (only().status, only().attempts, only().resends) == (Status.PENDING, 0, 1)
        assert OperationLog.objects.get().action == "notification.resent"

    def test_dismiss_takes_it_off_the_list_and_is_audited(self) -> None:
        row = self.failed()

        operations.dismiss(notification_id=row.pk, actor=ADA, at=NOON)

        assert queries.failed() == []
        assert OperationLog.objects.get().action == "notification.dismissed"

    def test_only_what_failed_can_be_resent_or_dismissed(self) -> None:
        tell()

        with pytest.raises(operations.CannotResend):
            operations.resend(notification_id=only().pk, actor=ADA, at=NOON)
        with pytest.raises(operations.CannotDismiss):
            operations.dismiss(notification_id=only().pk, actor=ADA, at=NOON)
        with pytest.raises(operations.NoSuchNotification):
            operations.dismiss(notification_id=only().pk + 1, actor=ADA, at=NOON)

    def test_a_message_to_nobody_cannot_be_resent(self) -> None:
        tell(addresses=[], roles=["VIP_APPROVER"])

        with pytest.raises(operations.CannotResend):
            operations.resend(notification_id=only().pk, actor=ADA, at=NOON)


@pytest.mark.django_db
class TestDatabase:
    def test_the_wording_is_frozen(self) -> None:
        tell()

        with pytest.raises(IntegrityError, match="does not change"), transaction.atomic():
            Notification.objects.update(text="something else")

    @pytest.mark.parametrize("source", list(Status))
    def test_the_table_of_transitions_is_the_database_s_too(self, source: Status) -> None:
        allowed = {target for target in Status if _database_allows(source, target)}

        assert allowed == TRANSITIONS[source] - {source}

    def test_the_model_refuses_as_well(self) -> None:
        tell()

        with pytest.raises(TransitionNotAllowed):
            only().sent(provider_id="", at=NOON)


def operations_failure() -> object:
    from apps.notifications.rules import Failure

    return Failure(FailureType.BOUNCED, permanent=True, error="552 Mailbox full")


def _database_allows(source: Status, target: Status) -> bool:
    """Whether the trigger lets a row move; its start is set behind the trigger's back."""
    if source is target:
        return False
    Notification.objects.exclude(summary=None).delete()
    Notification.objects.all().delete()
    tell(severity=Severity.INFO)
    other = Notification.objects.get()
    tell(dedupe_key="test:2")
    row = Notification.objects.exclude(pk=other.pk)
    shape, goal = _shape(source, other), _shape(target, other)
    if (source, target) == (Status.SENT, Status.FAILED):
        goal |= {"sent_at": NOON, "bounced_at": NOON}
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        row.update(**shape, held_for=HeldFor.DIGEST.value)
        cursor.execute("SET session_replication_role = origin")
    try:
        with transaction.atomic():
            row.update(**goal)
    except IntegrityError:
        return False
    return True


def _shape(status: Status, summary: Notification) -> dict[str, object]:
    """What a row of this status has beside it."""
    return {
        "status": status.value,
        "lease_until": NOON if status is Status.SENDING else None,
        "sent_at": NOON if status is Status.SENT else None,
        "failure_type": "BOUNCED" if status is Status.FAILED else "",
        "summary": summary if status is Status.GATHERED else None,
    }
