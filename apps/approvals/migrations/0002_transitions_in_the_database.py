"""No shell goes around the rules: PostgreSQL itself refuses what a ticket or a vote may not do."""

from django.db import migrations

TICKET = """
CREATE FUNCTION approvals_ticket_guard() RETURNS trigger LANGUAGE plpgsql AS $$
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
CREATE TRIGGER approvals_ticket_guard BEFORE INSERT OR UPDATE ON approvals_ticket
    FOR EACH ROW EXECUTE FUNCTION approvals_ticket_guard();
"""

TICKET_BACK = """
DROP TRIGGER approvals_ticket_guard ON approvals_ticket;
DROP FUNCTION approvals_ticket_guard();
"""

VOTE = """
CREATE FUNCTION approvals_vote_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    ticket approvals_ticket%ROWTYPE;
BEGIN
    IF TG_OP <> 'INSERT' THEN
        RAISE EXCEPTION 'a vote is written once' USING ERRCODE = '23514';
    END IF;
    -- The writer holds this row's lock already; anyone else waits here for the outcome.
    SELECT * INTO ticket FROM approvals_ticket WHERE id = NEW.ticket_id FOR UPDATE;
    IF ticket.status NOT IN ('PENDING', 'PARTIALLY_APPROVED') THEN
        RAISE EXCEPTION 'ticket % is %, nobody votes on it', ticket.id, ticket.status
            USING ERRCODE = '23514';
    END IF;
    IF NEW.user_id = ticket.maker_user_id THEN
        RAISE EXCEPTION 'the maker does not vote' USING ERRCODE = '23514';
    END IF;
    IF ticket.party_wallets ? NEW.wallet THEN
        RAISE EXCEPTION 'a party does not vote' USING ERRCODE = '23514';
    END IF;
    IF NEW.role <> ticket.role AND (ticket.escalated_to = '' OR NEW.role <> ticket.escalated_to) THEN
        RAISE EXCEPTION 'the role % does not vote on this ticket', NEW.role USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER approvals_vote_guard BEFORE INSERT OR UPDATE OR DELETE ON approvals_vote
    FOR EACH ROW EXECUTE FUNCTION approvals_vote_guard();
"""

VOTE_BACK = """
DROP TRIGGER approvals_vote_guard ON approvals_vote;
DROP FUNCTION approvals_vote_guard();
"""


class Migration(migrations.Migration):
    dependencies = [("approvals", "0001_rules_tickets_votes")]

    operations = [
        migrations.RunSQL(TICKET, TICKET_BACK),
        migrations.RunSQL(VOTE, VOTE_BACK),
    ]
