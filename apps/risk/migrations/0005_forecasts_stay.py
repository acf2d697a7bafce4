"""What was forecast stays as it was said; its outcome is written once."""

from django.db import migrations

GUARD = """
CREATE FUNCTION risk_forecast_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'a forecast is never deleted' USING ERRCODE = '23514';
    END IF;
    IF TG_OP = 'INSERT' THEN
        IF NEW.outcome_at IS NOT NULL THEN
            RAISE EXCEPTION 'a forecast is made before its outcome is known'
                USING ERRCODE = '23514';
        END IF;
        RETURN NEW;
    END IF;
    IF to_jsonb(NEW) - ARRAY['outcome_net_assets', 'outcome_at', 'inside']
       IS DISTINCT FROM
       to_jsonb(OLD) - ARRAY['outcome_net_assets', 'outcome_at', 'inside'] THEN
        RAISE EXCEPTION 'what was forecast does not change' USING ERRCODE = '23514';
    END IF;
    IF OLD.outcome_at IS NOT NULL
        AND ROW(NEW.outcome_net_assets, NEW.outcome_at, NEW.inside)
        IS DISTINCT FROM ROW(OLD.outcome_net_assets, OLD.outcome_at, OLD.inside) THEN
        RAISE EXCEPTION 'the outcome of a forecast is written once' USING ERRCODE = '23514';
    END IF;
    IF NEW.outcome_at IS NOT NULL AND NEW.inside IS DISTINCT FROM
        (NEW.outcome_net_assets BETWEEN NEW.lower_net_assets AND NEW.upper_net_assets) THEN
        RAISE EXCEPTION 'whether an outcome lies inside follows from the figures'
            USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER risk_forecast_guard BEFORE INSERT OR UPDATE OR DELETE ON risk_forecast
    FOR EACH ROW EXECUTE FUNCTION risk_forecast_guard();
"""

UNDO = """
DROP TRIGGER risk_forecast_guard ON risk_forecast;
DROP FUNCTION risk_forecast_guard();
"""


class Migration(migrations.Migration):
    dependencies = [("risk", "0004_incident_life")]

    operations = [migrations.RunSQL(GUARD, UNDO)]
