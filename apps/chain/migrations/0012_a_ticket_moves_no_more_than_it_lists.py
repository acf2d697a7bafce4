"""A ticket's call is sent as often as the ticket lists it, whoever writes: what was mined, or may
be, counts, under whichever key (see ``operations.once``)."""

from django.db import migrations, models

ONCE = """
CREATE FUNCTION chain_transaction_once() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    approved integer;
    taken integer;
BEGIN
    -- Of two at once, the second counts the first.
    PERFORM pg_advisory_xact_lock(hashtextextended(NEW.ticket_id || NEW.call_hash, 0));
    SELECT count(*) INTO approved
        FROM approvals_ticket AS ticket, jsonb_path_query(ticket.facts, '$.calls[*].hash') AS hash
        WHERE ticket.id = NEW.ticket_id AND lower(hash #>> '{}') = lower(NEW.call_hash);
    SELECT count(*) INTO taken FROM chain_transaction AS other
        WHERE other.ticket_id = NEW.ticket_id AND other.call_hash = NEW.call_hash
            -- An existing key is no new transaction: its own refusal follows.
            AND other.key <> NEW.key
            AND CASE
                WHEN other.kind IN
                    ('APPROVE_REDEMPTION', 'APPROVE_REDEMPTION_WITH_DATE', 'REJECT_REDEMPTION',
                     'SETTLE_REDEMPTION', 'SETTLE_SCHEDULED_REDEMPTION')
                THEN other.status NOT IN
                    ('FAILED', 'CANCELLED', 'EXPIRED', 'REVERTED', 'MISMATCH')
                ELSE other.status NOT IN ('FAILED', 'CANCELLED', 'EXPIRED', 'REVERTED')
                    OR EXISTS (
                        SELECT 1 FROM chain_safeproposal AS proposal
                        WHERE proposal.transaction_id = other.id
                            AND proposal.status <> 'WITHDRAWN'
                    )
            END;
    IF taken >= greatest(approved, 1) THEN
        RAISE EXCEPTION 'ticket % approved this call % time(s)', NEW.ticket_id,
            greatest(approved, 1) USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER chain_transaction_once BEFORE INSERT ON chain_transaction
    FOR EACH ROW WHEN (NEW.ticket_id IS NOT NULL) EXECUTE FUNCTION chain_transaction_once();
"""

ONCE_BACK = """
DROP TRIGGER chain_transaction_once ON chain_transaction;
DROP FUNCTION chain_transaction_once();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("chain", "0011_parked_logs_by_key"),
        ("approvals", "0004_rules_that_approve"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="transaction",
            index=models.Index(
                condition=models.Q(ticket_id__isnull=False),
                fields=["ticket_id", "call_hash"],
                name="transaction_by_ticket",
            ),
        ),
        migrations.RunSQL(ONCE, ONCE_BACK),
    ]
