"""Only people add or change a price source, by an approved ticket that names exactly this; the
first load of an installation is the exception. What was observed is never rewritten."""

from django.db import migrations

SOURCE = """
CREATE FUNCTION oracle_source_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    earlier_ticket bigint := 0;
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'a price source is switched off, never deleted' USING ERRCODE = '23514';
    END IF;
    IF TG_OP = 'UPDATE' THEN
        IF ROW(NEW.id, NEW.chain_id, NEW.token, NEW.kind, NEW.name, NEW.created_at, NEW.loaded_in)
           IS DISTINCT FROM
           ROW(OLD.id, OLD.chain_id, OLD.token, OLD.kind, OLD.name, OLD.created_at, OLD.loaded_in)
        THEN
            RAISE EXCEPTION 'a price source stays the same source' USING ERRCODE = '23514';
        END IF;
        IF ROW(NEW.address, NEW.url, NEW.price_path, NEW.time_path, NEW.stale_after_seconds,
               NEW.active)
           IS NOT DISTINCT FROM
           ROW(OLD.address, OLD.url, OLD.price_path, OLD.time_path, OLD.stale_after_seconds,
               OLD.active)
        THEN
            IF NEW.ticket_id IS DISTINCT FROM OLD.ticket_id THEN
                RAISE EXCEPTION 'the ticket of a price source changes with it'
                    USING ERRCODE = '23514';
            END IF;
            RETURN NEW;
        END IF;
        earlier_ticket := coalesce(OLD.ticket_id, 0);
    ELSE
        NEW.loaded_in := NULL;
        IF NEW.kind = 'ADAPTER' AND NEW.ticket_id IS NULL AND NEW.active
            AND NEW.stale_after_seconds = 3600 THEN
            RETURN NEW;  -- every asset of the register has it by itself
        END IF;
        IF NEW.ticket_id IS NULL AND NEW.kind <> 'ADAPTER' THEN
            -- Two transactions never both believe that theirs is the first load.
            PERFORM pg_advisory_xact_lock(hashtextextended('oracle: first load of sources', 0));
            NEW.loaded_in := pg_current_xact_id()::text::bigint;
            IF EXISTS (
                SELECT 1 FROM oracle_source
                WHERE kind <> 'ADAPTER' AND loaded_in IS DISTINCT FROM NEW.loaded_in
            ) THEN
                RAISE EXCEPTION 'price source % is added by an approved ticket', NEW.name
                    USING ERRCODE = '23514';
            END IF;
            RETURN NEW;
        END IF;
    END IF;
    IF NOT EXISTS (
        SELECT 1 FROM approvals_ticket
        WHERE id = NEW.ticket_id AND id > earlier_ticket
            AND kind = 'CONFIG_CHANGE' AND status = 'APPROVED'
            AND subject_id = 'oracle:source:' || NEW.chain_id || ':' || NEW.token || ':' || NEW.name
            AND facts #>> '{new,kind}' = NEW.kind
            AND facts #>> '{new,address}' = NEW.address
            AND facts #>> '{new,url}' = NEW.url
            AND facts #>> '{new,pricePath}' = NEW.price_path
            AND facts #>> '{new,timePath}' = NEW.time_path
            AND (facts #>> '{new,staleAfterSeconds}')::bigint = NEW.stale_after_seconds
            AND (facts #>> '{new,active}')::boolean = NEW.active
    ) THEN
        RAISE EXCEPTION 'price source % is changed by an approved ticket that names it so', NEW.name
            USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER oracle_source_guard BEFORE INSERT OR UPDATE OR DELETE ON oracle_source
    FOR EACH ROW EXECUTE FUNCTION oracle_source_guard();
"""

SOURCE_BACK = """
DROP TRIGGER oracle_source_guard ON oracle_source;
DROP FUNCTION oracle_source_guard();
"""

OBSERVED = """
CREATE FUNCTION oracle_observed_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what was observed stays as it is' USING ERRCODE = '23514';
END $$;
CREATE TRIGGER oracle_price_guard BEFORE UPDATE ON oracle_price
    FOR EACH ROW EXECUTE FUNCTION oracle_observed_guard();
CREATE TRIGGER oracle_quote_guard BEFORE UPDATE ON oracle_quote
    FOR EACH ROW EXECUTE FUNCTION oracle_observed_guard();
"""

OBSERVED_BACK = """
DROP TRIGGER oracle_price_guard ON oracle_price;
DROP TRIGGER oracle_quote_guard ON oracle_quote;
DROP FUNCTION oracle_observed_guard();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("oracle", "0001_sources_quotes_prices"),
        ("approvals", "0001_rules_tickets_votes"),
    ]

    operations = [
        migrations.RunSQL(SOURCE, SOURCE_BACK),
        migrations.RunSQL(OBSERVED, OBSERVED_BACK),
    ]
