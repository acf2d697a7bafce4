"""Which incident a report is about does not change either, whoever writes."""

from django.db import migrations

GUARD = """
CREATE OR REPLACE FUNCTION reports_reportrun_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.status <> 'QUEUED' THEN
            RAISE EXCEPTION 'a report does not begin as %', NEW.status USING ERRCODE = '23514';
        END IF;
        RETURN NEW;
    END IF;
    IF ROW(NEW.kind, NEW.period_start, NEW.period_end, NEW.incident_id,
           NEW.requested_by_id, NEW.requested_at)
       IS DISTINCT FROM
       ROW(OLD.kind, OLD.period_start, OLD.period_end, OLD.incident_id,
           OLD.requested_by_id, OLD.requested_at) THEN
        RAISE EXCEPTION 'what a report is about does not change' USING ERRCODE = '23514';
    END IF;
    IF OLD.dataset IS NOT NULL AND NEW.dataset IS DISTINCT FROM OLD.dataset THEN
        RAISE EXCEPTION 'the data of a report is written once' USING ERRCODE = '23514';
    END IF;
    IF NEW.status <> OLD.status AND NOT (
        (OLD.status = 'QUEUED' AND NEW.status = 'RUNNING')
        OR (OLD.status = 'RUNNING' AND NEW.status IN ('READY', 'QUEUED', 'FAILED'))
        OR (OLD.status = 'FAILED' AND NEW.status = 'QUEUED')
    ) THEN
        RAISE EXCEPTION 'a report does not go from % to %', OLD.status, NEW.status
            USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
"""

BACK = """
CREATE OR REPLACE FUNCTION reports_reportrun_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.status <> 'QUEUED' THEN
            RAISE EXCEPTION 'a report does not begin as %', NEW.status USING ERRCODE = '23514';
        END IF;
        RETURN NEW;
    END IF;
    IF ROW(NEW.kind, NEW.period_start, NEW.period_end, NEW.requested_by_id, NEW.requested_at)
       IS DISTINCT FROM
       ROW(OLD.kind, OLD.period_start, OLD.period_end, OLD.requested_by_id, OLD.requested_at) THEN
        RAISE EXCEPTION 'what a report is about does not change' USING ERRCODE = '23514';
    END IF;
    IF OLD.dataset IS NOT NULL AND NEW.dataset IS DISTINCT FROM OLD.dataset THEN
        RAISE EXCEPTION 'the data of a report is written once' USING ERRCODE = '23514';
    END IF;
    IF NEW.status <> OLD.status AND NOT (
        (OLD.status = 'QUEUED' AND NEW.status = 'RUNNING')
        OR (OLD.status = 'RUNNING' AND NEW.status IN ('READY', 'QUEUED', 'FAILED'))
        OR (OLD.status = 'FAILED' AND NEW.status = 'QUEUED')
    ) THEN
        RAISE EXCEPTION 'a report does not go from % to %', OLD.status, NEW.status
            USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("reports", "0004_liquidity_and_incidents")]

    operations = [migrations.RunSQL(GUARD, BACK)]
