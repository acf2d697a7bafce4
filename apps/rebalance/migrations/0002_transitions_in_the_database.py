"""Plans and their legs move along their tables and no other way, nobody's shell skips an approval,
and what was planned, previewed or said stays as it was: PostgreSQL itself refuses the rest."""

from django.db import migrations

PLAN = """
CREATE FUNCTION rebalance_plan_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    small_assets numeric;
    large_assets numeric;
    moved_assets numeric;
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'a plan is never deleted' USING ERRCODE = '23514';
    END IF;
    IF TG_OP = 'INSERT' THEN
        IF NEW.status <> 'DRAFT' OR NEW.ticket_id IS NOT NULL THEN
            RAISE EXCEPTION 'a plan begins as DRAFT without a ticket, not as %', NEW.status
                USING ERRCODE = '23514';
        END IF;
        RETURN NEW;
    END IF;
    IF ROW(NEW.id, NEW.chain_id, NEW.trigger, NEW.trigger_reason, NEW.aim, NEW.planner,
           NEW.amount_assets, NEW.slippage_assets, NEW.gas_assets, NEW.situation, NEW.blueprint,
           NEW.policy_version, NEW.calls_hash, NEW.preview_id, NEW.reverse_of_id,
           NEW.created_by_id, NEW.created_by_name, NEW.created_at, NEW.expires_at)
       IS DISTINCT FROM
       ROW(OLD.id, OLD.chain_id, OLD.trigger, OLD.trigger_reason, OLD.aim, OLD.planner,
           OLD.amount_assets, OLD.slippage_assets, OLD.gas_assets, OLD.situation, OLD.blueprint,
           OLD.policy_version, OLD.calls_hash, OLD.preview_id, OLD.reverse_of_id,
           OLD.created_by_id, OLD.created_by_name, OLD.created_at, OLD.expires_at) THEN
        RAISE EXCEPTION 'what was planned does not change' USING ERRCODE = '23514';
    END IF;
    IF NEW.ticket_id IS DISTINCT FROM OLD.ticket_id
        AND NOT (OLD.status = 'DRAFT' AND NEW.status = 'PENDING_APPROVAL') THEN
        RAISE EXCEPTION 'a plan keeps its ticket' USING ERRCODE = '23514';
    END IF;
    IF NEW.approved_at IS DISTINCT FROM OLD.approved_at
        AND NOT (NEW.status = 'APPROVED' AND OLD.status <> 'APPROVED') THEN
        RAISE EXCEPTION 'when a plan was approved does not change' USING ERRCODE = '23514';
    END IF;
    IF NEW.begun_at IS DISTINCT FROM OLD.begun_at
        AND NOT (NEW.status = 'EXECUTING' AND OLD.status <> 'EXECUTING') THEN
        RAISE EXCEPTION 'when a plan began does not change' USING ERRCODE = '23514';
    END IF;
    IF OLD.finished_at IS NOT NULL
        AND ROW(NEW.status, NEW.finished_at, NEW.outcome, NEW.after, NEW.deviation_bps)
        IS DISTINCT FROM ROW(OLD.status, OLD.finished_at, OLD.outcome, OLD.after,
                             OLD.deviation_bps) THEN
        RAISE EXCEPTION 'how a plan ended does not change' USING ERRCODE = '23514';
    END IF;
    IF OLD.reviewed_at IS NOT NULL
        AND ROW(NEW.to_review, NEW.reviewed_at, NEW.reviewed_by_name)
        IS DISTINCT FROM ROW(OLD.to_review, OLD.reviewed_at, OLD.reviewed_by_name) THEN
        RAISE EXCEPTION 'a plan is reviewed once' USING ERRCODE = '23514';
    END IF;
    IF NEW.status = OLD.status THEN
        RETURN NEW;
    END IF;
    IF NOT (
        (OLD.status = 'DRAFT' AND NEW.status IN
            ('PENDING_APPROVAL', 'APPROVED', 'CANCELLED', 'EXPIRED'))
        OR (OLD.status = 'PENDING_APPROVAL' AND NEW.status IN ('APPROVED', 'CANCELLED', 'EXPIRED'))
        OR (OLD.status = 'APPROVED' AND NEW.status IN
            ('EXECUTING', 'FAILED', 'CANCELLED', 'EXPIRED'))
        OR (OLD.status = 'EXECUTING' AND NEW.status IN
            ('COMPLETED', 'PARTIALLY_COMPLETED', 'FAILED'))
    ) THEN
        RAISE EXCEPTION 'a plan does not go from % to %', OLD.status, NEW.status
            USING ERRCODE = '23514';
    END IF;
    SELECT min((threshold ->> 'value')::numeric) FILTER (WHERE rule.kind = 'REBALANCE_SMALL'),
           min((threshold ->> 'value')::numeric) FILTER (WHERE rule.kind = 'REBALANCE_LARGE')
        INTO small_assets, large_assets
        FROM approvals_rule AS rule, jsonb_array_elements(rule.thresholds) AS threshold
        WHERE rule.active AND rule.kind IN ('REBALANCE_SMALL', 'REBALANCE_LARGE')
            AND threshold ->> 'figure' = 'amount';
    IF OLD.status = 'DRAFT' AND NEW.status = 'PENDING_APPROVAL' AND NOT EXISTS (
        SELECT 1 FROM approvals_ticket AS ticket
        WHERE ticket.id = NEW.ticket_id AND ticket.chain_id = NEW.chain_id
            AND ticket.subject_id = NEW.id::text AND ticket.calls_hash = NEW.calls_hash
            AND ticket.amount = NEW.amount_assets
            AND (ticket.kind = 'REBALANCE_LARGE'
                 OR (ticket.kind = 'REBALANCE_SMALL'
                     AND (large_assets IS NULL OR NEW.amount_assets < large_assets)))
    ) THEN
        RAISE EXCEPTION 'plan % waits for a ticket about it, its amount and its calls', NEW.id
            USING ERRCODE = '23514';
    END IF;
    IF OLD.status = 'PENDING_APPROVAL' AND NEW.status = 'APPROVED' AND NOT EXISTS (
        SELECT 1 FROM approvals_ticket WHERE id = NEW.ticket_id AND status = 'APPROVED'
    ) THEN
        RAISE EXCEPTION 'plan % is approved by its ticket', NEW.id USING ERRCODE = '23514';
    END IF;
    IF OLD.status = 'DRAFT' AND NEW.status = 'APPROVED' THEN
        SELECT coalesce(sum(leg.assets), 0) INTO moved_assets
            FROM rebalance_leg AS leg WHERE leg.plan_id = NEW.id;
        IF small_assets IS NULL OR greatest(NEW.amount_assets, moved_assets) >= small_assets THEN
            RAISE EXCEPTION 'plan % needs a ticket', NEW.id USING ERRCODE = '23514';
        END IF;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER rebalance_plan_guard BEFORE INSERT OR UPDATE OR DELETE ON rebalance_plan
    FOR EACH ROW EXECUTE FUNCTION rebalance_plan_guard();
"""

LEG = """
CREATE FUNCTION rebalance_leg_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    plan_status text;
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'a leg is never deleted' USING ERRCODE = '23514';
    END IF;
    SELECT status INTO plan_status FROM rebalance_plan WHERE id = NEW.plan_id;
    IF TG_OP = 'INSERT' THEN
        IF plan_status IS DISTINCT FROM 'DRAFT' THEN
            RAISE EXCEPTION 'a plan that is % gets no further legs', plan_status
                USING ERRCODE = '23514';
        END IF;
        IF NEW.status <> 'PLANNED' OR NEW.transaction_id IS NOT NULL THEN
            RAISE EXCEPTION 'a leg begins as PLANNED, not %', NEW.status USING ERRCODE = '23514';
        END IF;
        RETURN NEW;
    END IF;
    IF ROW(NEW.id, NEW.plan_id, NEW.position, NEW.kind, NEW.priority, NEW.tier_from, NEW.tier_to,
           NEW.token, NEW.symbol, NEW.decimals, NEW.assets, NEW.tokens, NEW.assets_min,
           NEW.tokens_min, NEW.method, NEW.slippage_bps, NEW.slippage_assets, NEW.gas_assets,
           NEW.reason, NEW.depends_on, NEW.call_hash)
       IS DISTINCT FROM
       ROW(OLD.id, OLD.plan_id, OLD.position, OLD.kind, OLD.priority, OLD.tier_from, OLD.tier_to,
           OLD.token, OLD.symbol, OLD.decimals, OLD.assets, OLD.tokens, OLD.assets_min,
           OLD.tokens_min, OLD.method, OLD.slippage_bps, OLD.slippage_assets, OLD.gas_assets,
           OLD.reason, OLD.depends_on, OLD.call_hash) THEN
        RAISE EXCEPTION 'what was planned does not change' USING ERRCODE = '23514';
    END IF;
    IF OLD.status IN ('DONE', 'FAILED', 'SKIPPED') AND NEW IS DISTINCT FROM OLD THEN
        RAISE EXCEPTION 'how a leg ended does not change' USING ERRCODE = '23514';
    END IF;
    IF NEW.status <> OLD.status AND NOT (
        (OLD.status = 'PLANNED' AND NEW.status IN ('SENT', 'SKIPPED'))
        OR (OLD.status = 'SENT' AND NEW.status IN ('DONE', 'FAILED'))
    ) THEN
        RAISE EXCEPTION 'a leg does not go from % to %', OLD.status, NEW.status
            USING ERRCODE = '23514';
    END IF;
    IF NEW.transaction_id IS DISTINCT FROM OLD.transaction_id
        AND NOT (OLD.status = 'PLANNED' AND NEW.status = 'SENT') THEN
        RAISE EXCEPTION 'a leg keeps its transaction' USING ERRCODE = '23514';
    END IF;
    IF OLD.status = 'PLANNED' AND NEW.status = 'SENT' THEN
        IF plan_status <> 'EXECUTING' THEN
            RAISE EXCEPTION 'nothing is sent for a plan that is %', plan_status
                USING ERRCODE = '23514';
        END IF;
        IF NOT EXISTS (
            SELECT 1 FROM chain_transaction
            WHERE id = NEW.transaction_id AND call_hash = NEW.call_hash
        ) THEN
            RAISE EXCEPTION 'leg % is sent by a transaction of its own call', NEW.id
                USING ERRCODE = '23514';
        END IF;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER rebalance_leg_guard BEFORE INSERT OR UPDATE OR DELETE ON rebalance_leg
    FOR EACH ROW EXECUTE FUNCTION rebalance_leg_guard();
"""

POLICY = """
CREATE FUNCTION rebalance_policy_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'a version of the policy is never deleted' USING ERRCODE = '23514';
    END IF;
    IF TG_OP = 'UPDATE' THEN
        IF ROW(NEW.id, NEW.version, NEW."values", NEW.ticket_id, NEW.created_at)
            IS DISTINCT FROM ROW(OLD.id, OLD.version, OLD."values", OLD.ticket_id, OLD.created_at)
            OR (NEW.active AND NOT OLD.active) THEN
            RAISE EXCEPTION 'a version of the policy is only ever replaced' USING ERRCODE = '23514';
        END IF;
        RETURN NEW;
    END IF;
    IF NEW.version = 1 AND NEW.ticket_id IS NULL AND NOT EXISTS (SELECT 1 FROM rebalance_policy)
    THEN
        RETURN NEW;  -- the one that comes with the installation
    END IF;
    IF NEW.version <> (SELECT max(version) + 1 FROM rebalance_policy) OR NOT EXISTS (
        SELECT 1 FROM approvals_ticket
        WHERE id = NEW.ticket_id AND kind = 'CONFIG_CHANGE' AND status = 'APPROVED'
            AND subject_id = 'rebalance:policy' AND facts -> 'new' = NEW."values"
            AND (facts ->> 'version')::numeric = NEW.version - 1
    ) THEN
        RAISE EXCEPTION 'the policy is changed by an approved ticket that names it'
            USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER rebalance_policy_guard BEFORE INSERT OR UPDATE OR DELETE ON rebalance_policy
    FOR EACH ROW EXECUTE FUNCTION rebalance_policy_guard();
"""

PREVIEW = """
CREATE FUNCTION rebalance_preview_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a preview stays as it was looked at' USING ERRCODE = '23514';
END $$;
CREATE TRIGGER rebalance_preview_guard BEFORE UPDATE ON rebalance_preview
    FOR EACH ROW EXECUTE FUNCTION rebalance_preview_guard();
"""

TRIGGER_EVENT = """
CREATE FUNCTION rebalance_triggerevent_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'what asked for a plan is never deleted' USING ERRCODE = '23514';
    END IF;
    IF ROW(NEW.id, NEW.chain_id, NEW.kind, NEW.reason, NEW.outcome, NEW.explanation, NEW.plan_id,
           NEW.first_at)
       IS DISTINCT FROM
       ROW(OLD.id, OLD.chain_id, OLD.kind, OLD.reason, OLD.outcome, OLD.explanation, OLD.plan_id,
           OLD.first_at)
       OR NEW.times <= OLD.times OR NEW.last_at < OLD.last_at THEN
        RAISE EXCEPTION 'what asked for a plan only counts up' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER rebalance_triggerevent_guard BEFORE UPDATE OR DELETE ON rebalance_triggerevent
    FOR EACH ROW EXECUTE FUNCTION rebalance_triggerevent_guard();
"""

WISH = """
CREATE FUNCTION rebalance_wish_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.considered_at IS NOT NULL
        OR ROW(NEW.id, NEW.chain_id, NEW.key, NEW.reason, NEW.aim, NEW.wished_at)
        IS DISTINCT FROM ROW(OLD.id, OLD.chain_id, OLD.key, OLD.reason, OLD.aim, OLD.wished_at) THEN
        RAISE EXCEPTION 'a wish is considered once, as it was' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER rebalance_wish_guard BEFORE UPDATE ON rebalance_wish
    FOR EACH ROW EXECUTE FUNCTION rebalance_wish_guard();
"""


def back(name):
    return f"""
DROP TRIGGER rebalance_{name}_guard ON rebalance_{name};
DROP FUNCTION rebalance_{name}_guard();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("rebalance", "0001_plans_and_triggers"),
        ("approvals", "0004_rules_that_approve"),
        ("chain", "0001_blocks_logs_transactions"),
    ]

    operations = [
        migrations.RunSQL(PLAN, back("plan")),
        migrations.RunSQL(LEG, back("leg")),
        migrations.RunSQL(POLICY, back("policy")),
        migrations.RunSQL(PREVIEW, back("preview")),
        migrations.RunSQL(TRIGGER_EVENT, back("triggerevent")),
        migrations.RunSQL(WISH, back("wish")),
    ]
