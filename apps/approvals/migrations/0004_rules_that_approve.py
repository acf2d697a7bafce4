"""A rule may approve what its conditions allow; PostgreSQL compares them with the ticket's facts."""

from django.db import migrations, models

TICKET = """
CREATE OR REPLACE FUNCTION approvals_ticket_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    approvals integer;
    rejections integer;
    by_rule boolean;
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.status <> 'PENDING' THEN
            RAISE EXCEPTION 'a ticket begins as PENDING, not %', NEW.status USING ERRCODE = '23514';
        END IF;
        RETURN NEW;
    END IF;
    IF ROW(NEW.kind, NEW.subject_id, NEW.chain_id, NEW.idempotency_key, NEW.title, NEW.requester_name,
           NEW.maker_user_id, NEW.party_wallets, NEW.amount, NEW.currency, NEW.facts, NEW.facts_hash,
           NEW.calls_hash, NEW.conditions, NEW.assessment, NEW.rule_version, NEW.role,
           NEW.required_approvals, NEW.escalation_role, NEW.auto_reject, NEW.opened_at, NEW.warn_at,
           NEW.escalate_at, NEW.deadline_at)
       IS DISTINCT FROM
       ROW(OLD.kind, OLD.subject_id, OLD.chain_id, OLD.idempotency_key, OLD.title, OLD.requester_name,
           OLD.maker_user_id, OLD.party_wallets, OLD.amount, OLD.currency, OLD.facts, OLD.facts_hash,
           OLD.calls_hash, OLD.conditions, OLD.assessment, OLD.rule_version, OLD.role,
           OLD.required_approvals, OLD.escalation_role, OLD.auto_reject, OLD.opened_at, OLD.warn_at,
           OLD.escalate_at, OLD.deadline_at) THEN
        RAISE EXCEPTION 'what a ticket asks is frozen' USING ERRCODE = '23514';
    END IF;
    IF NEW.auto_approved_by <> OLD.auto_approved_by
        AND NOT (OLD.status = 'PENDING' AND NEW.status = 'APPROVED') THEN
        RAISE EXCEPTION 'who approved a ticket is frozen' USING ERRCODE = '23514';
    END IF;
    IF OLD.rejection_calls_hash <> '' AND NEW.rejection_calls_hash <> OLD.rejection_calls_hash THEN
        RAISE EXCEPTION 'what a rejection executes is frozen' USING ERRCODE = '23514';
    END IF;
    IF NEW.status = OLD.status THEN
        RETURN NEW;
    END IF;
    IF NOT (
        (OLD.status = 'PENDING' AND NEW.status IN
            ('PARTIALLY_APPROVED', 'APPROVED', 'REJECTED', 'EXPIRED', 'CANCELLED'))
        OR (OLD.status = 'PARTIALLY_APPROVED' AND NEW.status IN
            ('APPROVED', 'REJECTED', 'EXPIRED', 'CANCELLED'))
    ) THEN
        RAISE EXCEPTION 'a ticket does not go from % to %', OLD.status, NEW.status
            USING ERRCODE = '23514';
    END IF;
    SELECT count(*) FILTER (WHERE decision = 'APPROVE'), count(*) FILTER (WHERE decision = 'REJECT')
        INTO approvals, rejections FROM approvals_vote WHERE ticket_id = NEW.id;
    -- Without votes only by the rule that was in force at its opening, for facts that it names.
    SELECT NEW.auto_approved_by = rule.kind || ' v' || rule.version
            AND rule.auto_approve <> '{}'::jsonb
            AND NOT EXISTS (
                SELECT 1 FROM jsonb_each(rule.auto_approve) AS condition (fact, allowed)
                WHERE NOT COALESCE(allowed ? (NEW.facts ->> fact), false)
            )
        INTO by_rule FROM approvals_rule AS rule
        WHERE rule.kind = NEW.kind AND rule.version = NEW.rule_version;
    IF NEW.auto_approved_by <> '' AND NOT COALESCE(by_rule, false) THEN
        RAISE EXCEPTION 'no rule approves this ticket by itself' USING ERRCODE = '23514';
    END IF;
    IF (NEW.status = 'APPROVED' AND approvals < NEW.required_approvals
            AND NEW.auto_approved_by = '')
        OR (NEW.status = 'PARTIALLY_APPROVED' AND approvals < 1)
        OR (NEW.status = 'REJECTED' AND rejections < 1) THEN
        RAISE EXCEPTION 'the votes do not make this ticket %', NEW.status USING ERRCODE = '23514';
    END IF;
    IF NEW.status = 'EXPIRED' AND NOT NEW.auto_reject THEN
        RAISE EXCEPTION 'the rule does not let this ticket expire' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
"""

TICKET_BACK = """
CREATE OR REPLACE FUNCTION approvals_ticket_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    approvals integer;
    rejections integer;
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.status <> 'PENDING' THEN
            RAISE EXCEPTION 'a ticket begins as PENDING, not %', NEW.status USING ERRCODE = '23514';
        END IF;
        RETURN NEW;
    END IF;
    IF ROW(NEW.kind, NEW.subject_id, NEW.chain_id, NEW.idempotency_key, NEW.title, NEW.requester_name,
           NEW.maker_user_id, NEW.party_wallets, NEW.amount, NEW.currency, NEW.facts, NEW.facts_hash,
           NEW.calls_hash, NEW.conditions, NEW.assessment, NEW.rule_version, NEW.role,
           NEW.required_approvals, NEW.escalation_role, NEW.auto_reject, NEW.opened_at, NEW.warn_at,
           NEW.escalate_at, NEW.deadline_at)
       IS DISTINCT FROM
       ROW(OLD.kind, OLD.subject_id, OLD.chain_id, OLD.idempotency_key, OLD.title, OLD.requester_name,
           OLD.maker_user_id, OLD.party_wallets, OLD.amount, OLD.currency, OLD.facts, OLD.facts_hash,
           OLD.calls_hash, OLD.conditions, OLD.assessment, OLD.rule_version, OLD.role,
           OLD.required_approvals, OLD.escalation_role, OLD.auto_reject, OLD.opened_at, OLD.warn_at,
           OLD.escalate_at, OLD.deadline_at) THEN
        RAISE EXCEPTION 'what a ticket asks is frozen' USING ERRCODE = '23514';
    END IF;
    IF OLD.rejection_calls_hash <> '' AND NEW.rejection_calls_hash <> OLD.rejection_calls_hash THEN
        RAISE EXCEPTION 'what a rejection executes is frozen' USING ERRCODE = '23514';
    END IF;
    IF NEW.status = OLD.status THEN
        RETURN NEW;
    END IF;
    IF NOT (
        (OLD.status = 'PENDING' AND NEW.status IN
            ('PARTIALLY_APPROVED', 'APPROVED', 'REJECTED', 'EXPIRED', 'CANCELLED'))
        OR (OLD.status = 'PARTIALLY_APPROVED' AND NEW.status IN
            ('APPROVED', 'REJECTED', 'EXPIRED', 'CANCELLED'))
    ) THEN
        RAISE EXCEPTION 'a ticket does not go from % to %', OLD.status, NEW.status
            USING ERRCODE = '23514';
    END IF;
    SELECT count(*) FILTER (WHERE decision = 'APPROVE'), count(*) FILTER (WHERE decision = 'REJECT')
        INTO approvals, rejections FROM approvals_vote WHERE ticket_id = NEW.id;
    IF (NEW.status = 'APPROVED' AND approvals < NEW.required_approvals)
        OR (NEW.status = 'PARTIALLY_APPROVED' AND approvals < 1)
        OR (NEW.status = 'REJECTED' AND rejections < 1) THEN
        RAISE EXCEPTION 'the votes do not make this ticket %', NEW.status USING ERRCODE = '23514';
    END IF;
    IF NEW.status = 'EXPIRED' AND NOT NEW.auto_reject THEN
        RAISE EXCEPTION 'the rule does not let this ticket expire' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
"""

AUTO_APPROVE = {
    "REBALANCE_SMALL": {"trigger": ["THRESHOLD"], "riskLevel": ["NORMAL", "ELEVATED"]},
}


def let_rules_approve(apps, schema_editor):
    rule = apps.get_model("approvals", "Rule")
    for kind, conditions in AUTO_APPROVE.items():
        rule.objects.filter(kind=kind, active=True).update(auto_approve=conditions)


class Migration(migrations.Migration):
    dependencies = [("approvals", "0003_default_rules")]

    operations = [
        migrations.AddField(
            model_name="rule",
            name="auto_approve",
            field=models.JSONField(
                blank=True,
                default=dict,
                help_text="Facts by name, each with the values for which the rule itself approves.",
            ),
        ),
        migrations.AddField(
            model_name="ticket",
            name="auto_approved_by",
            field=models.CharField(
                blank=True,
                default="",
                help_text="The rule that approved it without people.",
                max_length=60,
            ),
        ),
        migrations.RunSQL(TICKET, TICKET_BACK),
        migrations.RunPython(let_rules_approve, migrations.RunPython.noop),
    ]
