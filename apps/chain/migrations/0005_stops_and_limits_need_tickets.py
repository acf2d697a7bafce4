"""Only people lift a stop or change limits, by an approved ticket about this very row; PostgreSQL
itself refuses any other way, a shell's included."""

from django.db import migrations

STOP = """
CREATE FUNCTION chain_stop_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'a stop is never deleted' USING ERRCODE = '23514';
    END IF;
    IF TG_OP = 'INSERT' THEN
        IF NEW.lifted_at IS NOT NULL OR NEW.lift_ticket_id IS NOT NULL OR NEW.lifted_by <> '' THEN
            RAISE EXCEPTION 'a stop begins in force' USING ERRCODE = '23514';
        END IF;
        RETURN NEW;
    END IF;
    IF OLD.lifted_at IS NOT NULL
        OR ROW(NEW.id, NEW.scope, NEW.reason, NEW.set_by, NEW.set_at)
        IS DISTINCT FROM ROW(OLD.id, OLD.scope, OLD.reason, OLD.set_by, OLD.set_at) THEN
        RAISE EXCEPTION 'a stop is only ever lifted, once' USING ERRCODE = '23514';
    END IF;
    IF NEW.lifted_at IS NULL OR NOT EXISTS (
        SELECT 1 FROM approvals_ticket
        WHERE id = NEW.lift_ticket_id AND kind = 'LIFT_STOP' AND status = 'APPROVED'
            AND subject_id = NEW.id::text
    ) THEN
        RAISE EXCEPTION 'stop % is lifted by an approved ticket about it', NEW.id
            USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER chain_stop_guard BEFORE INSERT OR UPDATE OR DELETE ON chain_stop
    FOR EACH ROW EXECUTE FUNCTION chain_stop_guard();
"""

STOP_BACK = """
DROP TRIGGER chain_stop_guard ON chain_stop;
DROP FUNCTION chain_stop_guard();
"""

LIMITS = """
CREATE FUNCTION chain_signeraccount_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'a signer''s row, with its nonce and its limits, is never deleted'
            USING ERRCODE = '23514';
    END IF;
    IF ROW(NEW.chain_id, NEW.address) IS DISTINCT FROM ROW(OLD.chain_id, OLD.address) THEN
        RAISE EXCEPTION 'a signer''s row stays the same account''s' USING ERRCODE = '23514';
    END IF;
    IF ROW(NEW.per_transaction_assets, NEW.per_day_assets, NEW.calls_per_day)
        IS NOT DISTINCT FROM
        ROW(OLD.per_transaction_assets, OLD.per_day_assets, OLD.calls_per_day) THEN
        IF NEW.limits_ticket_id IS DISTINCT FROM OLD.limits_ticket_id THEN
            RAISE EXCEPTION 'the ticket of limits changes with them' USING ERRCODE = '23514';
        END IF;
        RETURN NEW;
    END IF;
    IF OLD.per_transaction_assets = 0 AND OLD.per_day_assets = 0 AND OLD.calls_per_day = 0
        AND OLD.limits_ticket_id IS NULL AND NEW.limits_ticket_id IS NULL THEN
        RETURN NEW;  -- a row from before there were limits gets its first ones from the chain file
    END IF;
    IF NOT EXISTS (
        SELECT 1 FROM approvals_ticket
        WHERE id = NEW.limits_ticket_id AND id > coalesce(OLD.limits_ticket_id, 0)
            AND kind = 'CONFIG_CHANGE' AND status = 'APPROVED'
            AND subject_id = 'limits:' || NEW.chain_id || ':' || NEW.address
            AND (facts #>> '{new,perTransactionAssets}')::numeric = NEW.per_transaction_assets
            AND (facts #>> '{new,perDayAssets}')::numeric = NEW.per_day_assets
            AND (facts #>> '{new,callsPerDay}')::numeric = NEW.calls_per_day
    ) THEN
        RAISE EXCEPTION 'limits of % are changed by an approved ticket that names them', NEW.name
            USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER chain_signeraccount_guard BEFORE UPDATE OR DELETE ON chain_signeraccount
    FOR EACH ROW EXECUTE FUNCTION chain_signeraccount_guard();
"""

LIMITS_BACK = """
DROP TRIGGER chain_signeraccount_guard ON chain_signeraccount;
DROP FUNCTION chain_signeraccount_guard();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("chain", "0004_stops_instead_of_pauses"),
        ("approvals", "0001_rules_tickets_votes"),
    ]

    operations = [
        migrations.RunSQL(STOP, STOP_BACK),
        migrations.RunSQL(LIMITS, LIMITS_BACK),
    ]
