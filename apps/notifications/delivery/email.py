"""One message over SMTP: how it is put together, and what the server's behaviour means."""

import hashlib
import smtplib
from datetime import datetime
from email.utils import parseaddr

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection

from apps.core.errors import Refused
from apps.notifications.models import Notification
from apps.notifications.rules import (
    Failure,
    FailureType,
    Severity,
    for_good,
    may_pass,
    of_smtp_answer,
)
from apps.reports.queries import file

from .secrets import blotted


def send(row: Notification, _at: datetime) -> str | Failure:
    """Try once: the mail's Message-ID when the server took it, or why it did not go."""
    try:
        message = _message(row)
    except Refused as refusal:  # an attachment that cannot be made
        return may_pass(FailureType.SERVER_ERROR, refusal.message)
    except ValueError as error:  # a header the address or subject cannot be
        return for_good(FailureType.INVALID_RECIPIENT, str(error))
    return _try_to_send(message) or message_id(row)


def _try_to_send(message: EmailMultiAlternatives) -> Failure | None:
    try:
        message.send()
    except smtplib.SMTPRecipientsRefused as refused:
        code, text = next(iter(refused.recipients.values()))
        return of_smtp_answer(code, _text(text))
    except smtplib.SMTPResponseException as answer:
        return of_smtp_answer(answer.smtp_code, _text(answer.smtp_error))
    except (smtplib.SMTPException, OSError) as error:
        # smtplib tells of a timeout while waiting for an answer as of a lost connection.
        if isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):
            sentence = "The mail server does not answer."
            return may_pass(FailureType.TIMEOUT, sentence, unreachable=True)
        return may_pass(FailureType.SERVER_ERROR, blotted(str(error)), unreachable=True)
    return None


def message_id(row: Notification) -> str:
    """The same for every attempt, so that one sent twice after a crash can be recognised.

    A resend by a person is another message.
    """
    digest = hashlib.sha256(f"{row.dedupe_key}\n{row.address}".encode()).hexdigest()[:20]
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "paimon.invalid"
    return f"<{row.pk}.{row.resends}.{digest}@{domain}>"


def _message(row: Notification) -> EmailMultiAlternatives:
    headers = {
        "Message-ID": message_id(row),
        "Auto-Submitted": "auto-generated",
        "X-Paimon-Kind": row.kind,
    }
    if row.severity == Severity.CRITICAL:
        headers["Importance"] = "high"
    message = EmailMultiAlternatives(
        subject=row.subject,
        body=row.text,
        to=[row.address],
        headers=headers,
        connection=get_connection(timeout=settings.EMAIL_TIMEOUT),
    )
    message.attach_alternative(row.html, "text/html")
    for attachment in row.attachments:
        name, content_type, content = file(attachment["run_id"], attachment["format"])
        message.attach(name, content, content_type)
    message.message()  # builds it once, so that a bad header fails here and not while sending
    return message


def _text(answer: bytes | str) -> str:
    return blotted(answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer)
