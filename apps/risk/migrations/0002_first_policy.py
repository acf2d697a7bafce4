"""The thresholds a new installation starts with; policies and readings stay as they were written.

Shares are of one (0.1 is 10 %), ages seconds, times minutes; numbers are text. Only runs that are
old enough for the nightly pruning may be deleted.
"""

from datetime import UTC, datetime

from django.db import migrations

INSTALLED_AT = datetime(2024, 1, 1, tzinfo=UTC)
"""Before any run, so that whatever the clock says there are parameters in force."""

VALUES = {
    "thresholds": {
        "l1_ratio": {"warning": "0.1", "critical": "0.08", "weight": "12"},
        "l1_l2_ratio": {"warning": "0.4", "critical": "0.35", "weight": "8"},
        "redemption_coverage": {"warning": "1.5", "critical": "1", "weight": "14"},
        "liquidity_gap_7d": {"warning": "0", "critical": "0.1", "weight": "8"},
        "nav_volatility_24h": {"warning": "0.03", "critical": "0.05", "weight": "6"},
        "asset_price_deviation": {"warning": "0.02", "critical": "0.03", "weight": "8"},
        "oracle_staleness": {"warning": "3600", "critical": "14400", "weight": "6"},
        "single_asset_concentration": {"warning": "0.2", "critical": "0.25", "weight": "5"},
        "top3_concentration": {"warning": "0.5", "critical": "0.6", "weight": "3"},
        "counterparty_concentration": {"warning": "0.3", "critical": "0.4", "weight": "5"},
        "daily_redemption_rate": {"warning": "0.03", "critical": "0.05", "weight": "8"},
        "pending_approval_ratio": {"warning": "0.2", "critical": "0.3", "weight": "4"},
        "redemption_velocity": {"warning": "1.5", "critical": "2", "weight": "3"},
        "tx_failure_rate": {"warning": "0.05", "critical": "0.2", "weight": "4"},
        "event_lag": {"warning": "30", "critical": "300", "weight": "3"},
        "rebalance_delay": {"warning": "300", "critical": "3600", "weight": "3"},
    },
    "levels": {
        "elevated_l1": "0.1",
        "elevated_daily_redemptions": "0.03",
        "elevated_nav_volatility": "0.03",
        "high_l1": "0.08",
        "high_coverage": "1.2",
        "high_daily_redemptions": "0.05",
        "critical_l1_l2": "0.25",
        "critical_failures_in_a_row": "3",
        "better_runs": "3",
        "unknown_warns_after_minutes": "15",
    },
    "response": {
        "calm_minutes": "5",
        "alert_minutes": "1",
        "escalate_again_minutes": "30",
        "escalate_critical_minutes": "120",
        "flapping_minutes": "60",
        "recovery_minutes": "30",
    },
}

POLICY = """
CREATE FUNCTION risk_policy_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        RAISE EXCEPTION 'a version of the policy stays as it was decided' USING ERRCODE = '23514';
    END IF;
    IF NEW.version = 1 AND NEW.ticket_id IS NULL AND NOT EXISTS (SELECT 1 FROM risk_policy) THEN
        RETURN NEW;  -- the one that comes with the installation
    END IF;
    IF NEW.version <> (SELECT max(version) + 1 FROM risk_policy) OR NOT EXISTS (
        SELECT 1 FROM approvals_ticket
        WHERE id = NEW.ticket_id AND kind = 'CONFIG_CHANGE' AND status = 'APPROVED'
            AND subject_id = 'risk:policy' AND facts -> 'new' = NEW."values"
            AND (facts ->> 'version')::numeric = NEW.version - 1
            AND (facts ->> 'effectiveAt')::timestamptz = NEW.effective_at
    ) THEN
        RAISE EXCEPTION 'the policy is changed by an approved ticket that names it and its time'
            USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER risk_policy_guard BEFORE INSERT OR UPDATE OR DELETE ON risk_policy
    FOR EACH ROW EXECUTE FUNCTION risk_policy_guard();
"""

ASSESSMENT = """
CREATE FUNCTION risk_assessment_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        RAISE EXCEPTION 'how risk was judged does not change' USING ERRCODE = '23514';
    END IF;
    IF OLD.at > now() - interval '14 days'
        OR (OLD.level_changed AND OLD.at > now() - interval '730 days') THEN
        RAISE EXCEPTION 'how risk was judged is kept for its time' USING ERRCODE = '23514';
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER risk_assessment_guard BEFORE UPDATE OR DELETE ON risk_assessment
    FOR EACH ROW EXECUTE FUNCTION risk_assessment_guard();
"""

READING = """
CREATE FUNCTION risk_reading_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        RAISE EXCEPTION 'what was read does not change' USING ERRCODE = '23514';
    END IF;
    IF OLD.at > now() - interval '14 days' THEN
        RAISE EXCEPTION 'what was read is kept for its time' USING ERRCODE = '23514';
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER risk_reading_guard BEFORE UPDATE OR DELETE ON risk_reading
    FOR EACH ROW EXECUTE FUNCTION risk_reading_guard();
"""


def create(apps, schema_editor):
    policy = apps.get_model("risk", "Policy")
    policy.objects.create(
        version=1, values=VALUES, effective_at=INSTALLED_AT, created_at=INSTALLED_AT
    )


def back(name):
    return f"""
DROP TRIGGER risk_{name}_guard ON risk_{name};
DROP FUNCTION risk_{name}_guard();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("risk", "0001_readings_events_incidents_forecasts"),
        ("approvals", "0001_rules_tickets_votes"),
    ]

    operations = [
        migrations.RunSQL(POLICY, back("policy")),
        migrations.RunSQL(ASSESSMENT, back("assessment")),
        migrations.RunSQL(READING, back("reading")),
        migrations.RunPython(create, migrations.RunPython.noop),
    ]
