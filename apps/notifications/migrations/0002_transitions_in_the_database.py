"""A message moves along its table and keeps its wording, whoever writes."""

from django.db import migrations

GUARD = """
CREATE FUNCTION notifications_notification_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.status NOT IN ('PENDING', 'FAILED', 'RECORDED') THEN
            RAISE EXCEPTION 'a message does not begin as %', NEW.status USING ERRCODE = '23514';
        END IF;
        RETURN NEW;
    END IF;
    IF ROW(NEW.kind, NEW.dedupe_key, NEW.channel, NEW.recipient_id, NEW.address, NEW.severity,
           NEW.subject, NEW.text, NEW.html, NEW.link, NEW.attachments, NEW.created_at)
       IS DISTINCT FROM
       ROW(OLD.kind, OLD.dedupe_key, OLD.channel, OLD.recipient_id, OLD.address, OLD.severity,
           OLD.subject, OLD.text, OLD.html, OLD.link, OLD.attachments, OLD.created_at) THEN
        RAISE EXCEPTION 'what a message says does not change' USING ERRCODE = '23514';
    END IF;
    IF NEW.status <> OLD.status AND NOT (
        (OLD.status IN ('PENDING', 'RETRY') AND NEW.status = 'SENDING')
        OR (OLD.status = 'SENDING' AND NEW.status IN ('SENT', 'RETRY', 'FAILED'))
        OR (OLD.status = 'FAILED' AND NEW.status IN ('PENDING', 'DISMISSED'))
        OR (OLD.status = 'DISMISSED' AND NEW.status = 'PENDING')
    ) THEN
        RAISE EXCEPTION 'a message does not go from % to %', OLD.status, NEW.status
            USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER notifications_notification_guard BEFORE INSERT OR UPDATE ON notifications_notification
    FOR EACH ROW EXECUTE FUNCTION notifications_notification_guard();
"""

BACK = """
DROP TRIGGER notifications_notification_guard ON notifications_notification;
DROP FUNCTION notifications_notification_guard();
"""


class Migration(migrations.Migration):
    dependencies = [("notifications", "0001_outbox_and_pushes")]

    operations = [migrations.RunSQL(GUARD, BACK)]
