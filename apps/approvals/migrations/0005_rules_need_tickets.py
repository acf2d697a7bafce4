"""Rules change by two people only: PostgreSQL wants the approved ticket that names the new terms."""

from django.db import migrations, models

RULE = """
CREATE FUNCTION approvals_rule_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'a rule is kept for ever' USING ERRCODE = '23514';
    END IF;
    IF TG_OP = 'UPDATE' THEN
        IF to_jsonb(NEW) - 'active' IS DISTINCT FROM to_jsonb(OLD) - 'active'
            OR (NEW.active AND NOT OLD.active) THEN
            RAISE EXCEPTION 'a rule does not change: a new version takes its place'
                USING ERRCODE = '23514';
        END IF;
        RETURN NEW;
    END IF;
    IF NEW.ticket_id IS NULL AND NEW.version = 1
        AND NOT EXISTS (SELECT 1 FROM approvals_rule WHERE kind = NEW.kind) THEN
        RETURN NEW; -- what comes with an installation
    END IF;
    IF NOT EXISTS (
        SELECT 1 FROM approvals_ticket
        WHERE id = NEW.ticket_id AND kind = 'CONFIG_CHANGE' AND status = 'APPROVED'
            AND subject_id = 'rule:' || NEW.kind
            AND (facts ->> 'version')::integer = NEW.version - 1
            AND facts -> 'new' = jsonb_build_object(
                'role', NEW.role,
                'escalation_role', NEW.escalation_role,
                'auto_reject', NEW.auto_reject,
                'required_approvals', NEW.required_approvals::text,
                'eligible_min', NEW.eligible_min::text,
                'warn_after_seconds', NEW.warn_after_seconds::text,
                'escalate_after_seconds', NEW.escalate_after_seconds::text,
                'deadline_after_seconds', NEW.deadline_after_seconds::text,
                'thresholds', NEW.thresholds,
                'auto_approve', NEW.auto_approve
            )
    ) THEN
        RAISE EXCEPTION 'no approved ticket names this rule of %', NEW.kind USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER approvals_rule_guard BEFORE INSERT OR UPDATE OR DELETE ON approvals_rule
    FOR EACH ROW EXECUTE FUNCTION approvals_rule_guard();
"""

RULE_BACK = """
DROP TRIGGER approvals_rule_guard ON approvals_rule;
DROP FUNCTION approvals_rule_guard();
"""


class Migration(migrations.Migration):
    dependencies = [("approvals", "0004_rules_that_approve")]

    operations = [
        migrations.AlterModelOptions(
            name="rule",
            options={
                "ordering": ("kind", "-version"),
                "permissions": [("propose_rule", "Can propose changes of rules")],
            },
        ),
        migrations.AddField(
            model_name="rule",
            name="ticket_id",
            field=models.BigIntegerField(
                help_text="Who approved it; empty for what came with the installation.", null=True
            ),
        ),
        migrations.RunSQL(RULE, RULE_BACK),
    ]
