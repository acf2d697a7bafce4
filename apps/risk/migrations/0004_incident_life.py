"""Incidents move along their table; what was noted, asked and ticked stays, whoever writes."""

from django.db import migrations

INCIDENT = """
CREATE FUNCTION risk_incident_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'an incident is never deleted' USING ERRCODE = '23514';
    END IF;
    IF TG_OP = 'INSERT' THEN
        IF NEW.phase <> 'ALARM' OR NEW.closed_by <> '' OR NEW.lessons <> ''
            OR NEW.calm_since IS NOT NULL THEN
            RAISE EXCEPTION 'an incident begins with the alarm, not as %', NEW.phase
                USING ERRCODE = '23514';
        END IF;
        RETURN NEW;
    END IF;
    IF OLD.phase = 'CLOSED' AND NEW IS DISTINCT FROM OLD THEN
        RAISE EXCEPTION 'an incident that is closed does not change' USING ERRCODE = '23514';
    END IF;
    IF ROW(NEW.id, NEW.cause, NEW.summary, NEW.chain_id, NEW.opened_by, NEW.opened_by_id,
           NEW.opened_at, NEW.figures - 'gap')
       IS DISTINCT FROM
       ROW(OLD.id, OLD.cause, OLD.summary, OLD.chain_id, OLD.opened_by, OLD.opened_by_id,
           OLD.opened_at, OLD.figures - 'gap') THEN
        RAISE EXCEPTION 'how an incident began does not change' USING ERRCODE = '23514';
    END IF;
    IF NEW.phase = OLD.phase THEN
        IF ROW(NEW.phase_since, NEW.closed_at, NEW.closed_by, NEW.closed_by_id, NEW.lessons)
            IS DISTINCT FROM
            ROW(OLD.phase_since, OLD.closed_at, OLD.closed_by, OLD.closed_by_id, OLD.lessons) THEN
            RAISE EXCEPTION 'a phase keeps its beginning, and who closes says so by closing'
                USING ERRCODE = '23514';
        END IF;
        RETURN NEW;
    END IF;
    IF NOT (
        (OLD.phase = 'ALARM' AND NEW.phase IN ('LIQUIDITY', 'RECOVERY'))
        OR (OLD.phase = 'LIQUIDITY' AND NEW.phase IN ('PEOPLE', 'RECOVERY'))
        OR (OLD.phase = 'PEOPLE' AND NEW.phase = 'RECOVERY')
        OR (OLD.phase = 'RECOVERY' AND NEW.phase IN ('PEOPLE', 'CLOSED'))
    ) THEN
        RAISE EXCEPTION 'an incident does not go from % to %', OLD.phase, NEW.phase
            USING ERRCODE = '23514';
    END IF;
    IF NEW.phase = 'RECOVERY' AND NEW.calm_since IS NULL THEN
        RAISE EXCEPTION 'an incident recovers once it has been calm' USING ERRCODE = '23514';
    END IF;
    IF NEW.phase = 'CLOSED' AND (NEW.closed_by_id IS NULL OR NEW.lessons = '') THEN
        RAISE EXCEPTION 'a person closes an incident, with what was learnt'
            USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER risk_incident_guard BEFORE INSERT OR UPDATE OR DELETE ON risk_incident
    FOR EACH ROW EXECUTE FUNCTION risk_incident_guard();
"""

ENTRY = """
CREATE FUNCTION risk_incidententry_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what a timeline says stays' USING ERRCODE = '23514';
END $$;
CREATE TRIGGER risk_incidententry_guard BEFORE UPDATE OR DELETE ON risk_incidententry
    FOR EACH ROW EXECUTE FUNCTION risk_incidententry_guard();
"""

ITEM = """
CREATE FUNCTION risk_checklistitem_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'a checklist loses nothing' USING ERRCODE = '23514';
    END IF;
    IF TG_OP = 'INSERT' THEN
        IF NEW.done_at IS NOT NULL THEN
            RAISE EXCEPTION 'nothing on a checklist begins as done' USING ERRCODE = '23514';
        END IF;
        RETURN NEW;
    END IF;
    IF OLD.done_at IS NOT NULL THEN
        RAISE EXCEPTION 'what is ticked stays ticked, as it was said' USING ERRCODE = '23514';
    END IF;
    IF ROW(NEW.id, NEW.incident_id, NEW.position, NEW.title, NEW.help)
       IS DISTINCT FROM ROW(OLD.id, OLD.incident_id, OLD.position, OLD.title, OLD.help) THEN
        RAISE EXCEPTION 'what a checklist asks does not change' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER risk_checklistitem_guard BEFORE INSERT OR UPDATE OR DELETE ON risk_checklistitem
    FOR EACH ROW EXECUTE FUNCTION risk_checklistitem_guard();
"""

ACTION = """
CREATE FUNCTION risk_incidentaction_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.kind = 'LIQUIDATION' THEN
            IF NOT EXISTS (
                SELECT 1 FROM rebalance_plan
                WHERE id = NEW.plan_id AND ticket_id IS NOT DISTINCT FROM NEW.ticket_id
            ) THEN
                RAISE EXCEPTION 'raising liquidity is a plan, with its own ticket'
                    USING ERRCODE = '23514';
            END IF;
        ELSIF NOT EXISTS (
            SELECT 1 FROM approvals_ticket
            WHERE id = NEW.ticket_id AND kind = 'EMERGENCY_MODE'
        ) THEN
            RAISE EXCEPTION 'a switch is thrown by an EMERGENCY_MODE ticket'
                USING ERRCODE = '23514';
        END IF;
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'what an incident asked for stays' USING ERRCODE = '23514';
END $$;
CREATE TRIGGER risk_incidentaction_guard BEFORE INSERT OR UPDATE OR DELETE ON risk_incidentaction
    FOR EACH ROW EXECUTE FUNCTION risk_incidentaction_guard();
"""


def back(name):
    return f"""
DROP TRIGGER risk_{name}_guard ON risk_{name};
DROP FUNCTION risk_{name}_guard();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("risk", "0003_event_life"),
        ("rebalance", "0002_transitions_in_the_database"),
        ("approvals", "0004_rules_that_approve"),
    ]

    operations = [
        migrations.RunSQL(INCIDENT, back("incident")),
        migrations.RunSQL(ENTRY, back("incidententry")),
        migrations.RunSQL(ITEM, back("checklistitem")),
        migrations.RunSQL(ACTION, back("incidentaction")),
    ]
