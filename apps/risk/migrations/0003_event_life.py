"""A risk event moves along its table and keeps what was said of it: PostgreSQL itself refuses the
rest, whoever writes."""

from django.db import migrations

EVENT = """
CREATE FUNCTION risk_severity_rank(severity text) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
    SELECT array_position(ARRAY['INFO', 'WARNING', 'CRITICAL'], severity)
$$;
CREATE FUNCTION risk_riskevent_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    reopens boolean;
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'a risk event is never deleted' USING ERRCODE = '23514';
    END IF;
    IF TG_OP = 'INSERT' THEN
        IF NEW.status <> 'OPEN' OR NEW.flaps <> 0 OR NEW.escalations <> 0
            OR NEW.told_severity <> NEW.severity OR NEW.acknowledged_at IS NOT NULL
            OR NEW.snoozed_until IS NOT NULL THEN
            RAISE EXCEPTION 'a risk event begins as OPEN and told, with nothing answered'
                USING ERRCODE = '23514';
        END IF;
        RETURN NEW;
    END IF;
    IF ROW(NEW.id, NEW.type, NEW.indicator, NEW.opened_at)
       IS DISTINCT FROM ROW(OLD.id, OLD.type, OLD.indicator, OLD.opened_at) THEN
        RAISE EXCEPTION 'what a risk event is about does not change' USING ERRCODE = '23514';
    END IF;
    IF NEW.status <> OLD.status AND NOT (
        (OLD.status = 'OPEN' AND NEW.status IN ('ACKNOWLEDGED', 'RESOLVED'))
        OR (OLD.status = 'ACKNOWLEDGED' AND NEW.status = 'RESOLVED')
        OR (OLD.status = 'RESOLVED' AND NEW.status = 'OPEN')
    ) THEN
        RAISE EXCEPTION 'a risk event does not go from % to %', OLD.status, NEW.status
            USING ERRCODE = '23514';
    END IF;
    reopens := OLD.status = 'RESOLVED' AND NEW.status = 'OPEN';
    IF OLD.status = 'RESOLVED' AND NOT reopens AND NEW IS DISTINCT FROM OLD THEN
        RAISE EXCEPTION 'how a risk event ended does not change' USING ERRCODE = '23514';
    END IF;
    IF reopens AND NOT OLD.by_itself THEN
        RAISE EXCEPTION 'what a person resolved is not opened again' USING ERRCODE = '23514';
    END IF;
    IF NEW.flaps <> OLD.flaps + reopens::integer THEN
        RAISE EXCEPTION 'a risk event counts each return' USING ERRCODE = '23514';
    END IF;
    IF NEW.times < OLD.times OR NEW.last_seen_at < OLD.last_seen_at THEN
        RAISE EXCEPTION 'how often a risk event was seen only counts up' USING ERRCODE = '23514';
    END IF;
    IF NOT reopens AND risk_severity_rank(NEW.told_severity) < risk_severity_rank(OLD.told_severity)
    THEN
        RAISE EXCEPTION 'what people were told is not taken back' USING ERRCODE = '23514';
    END IF;
    IF risk_severity_rank(NEW.told_severity) < risk_severity_rank(NEW.severity) THEN
        RAISE EXCEPTION 'a risk event is not graver than people were told' USING ERRCODE = '23514';
    END IF;
    IF NEW.escalations > 2 OR (NEW.escalations < OLD.escalations AND NOT reopens) THEN
        RAISE EXCEPTION 'a risk event is told again twice at most' USING ERRCODE = '23514';
    END IF;
    IF ROW(NEW.acknowledged_at, NEW.acknowledged_by, NEW.acknowledged_by_id, NEW.acknowledge_note)
       IS DISTINCT FROM
       ROW(OLD.acknowledged_at, OLD.acknowledged_by, OLD.acknowledged_by_id, OLD.acknowledge_note)
        AND NOT reopens AND NOT (OLD.status = 'OPEN' AND NEW.status = 'ACKNOWLEDGED') THEN
        RAISE EXCEPTION 'who acknowledged a risk event does not change' USING ERRCODE = '23514';
    END IF;
    IF NEW.status = 'OPEN' AND NEW.acknowledged_at IS NOT NULL THEN
        RAISE EXCEPTION 'an open risk event is not acknowledged' USING ERRCODE = '23514';
    END IF;
    IF NEW.status = 'ACKNOWLEDGED'
        AND (NEW.acknowledged_by_id IS NULL OR NEW.acknowledged_by = '') THEN
        RAISE EXCEPTION 'a person acknowledges a risk event' USING ERRCODE = '23514';
    END IF;
    IF NEW.snoozed_until IS NOT NULL AND (NEW.status <> 'OPEN' OR NEW.snoozed_by = ''
        OR NEW.snooze_reason = '' OR NEW.escalate_at IS NULL
        OR NEW.escalate_at < NEW.snoozed_until) THEN
        RAISE EXCEPTION 'a person puts off an open risk event, and says why'
            USING ERRCODE = '23514';
    END IF;
    IF NEW.status = 'OPEN' AND NEW.severity <> 'INFO' AND NEW.escalations < 2
        AND OLD.escalate_at IS NOT NULL AND NEW.escalate_at IS NULL THEN
        RAISE EXCEPTION 'a risk event that nobody answered is told again' USING ERRCODE = '23514';
    END IF;
    IF NEW.status = 'RESOLVED' AND NEW.resolution = '' THEN
        RAISE EXCEPTION 'how a risk event ended is said' USING ERRCODE = '23514';
    END IF;
    IF NEW.status = 'RESOLVED' AND NEW.by_itself <> (NEW.resolved_by_id IS NULL) THEN
        RAISE EXCEPTION 'a risk event is resolved by a person or by itself'
            USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER risk_riskevent_guard BEFORE INSERT OR UPDATE OR DELETE ON risk_riskevent
    FOR EACH ROW EXECUTE FUNCTION risk_riskevent_guard();
"""

BACK = """
DROP TRIGGER risk_riskevent_guard ON risk_riskevent;
DROP FUNCTION risk_riskevent_guard();
DROP FUNCTION risk_severity_rank(text);
"""


class Migration(migrations.Migration):
    dependencies = [("risk", "0002_first_policy")]

    operations = [migrations.RunSQL(EVENT, BACK)]
