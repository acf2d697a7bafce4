"""A transaction moves along its table and no other way, what was asked for does not change, and
signed bytes stay as they are: whoever writes."""

from django.db import migrations

TRANSACTION = """
CREATE FUNCTION chain_transaction_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'a transaction is never deleted' USING ERRCODE = '23514';
    END IF;
    IF TG_OP = 'INSERT' THEN
        IF NEW.status <> 'QUEUED' THEN
            RAISE EXCEPTION 'a transaction begins as QUEUED, not %', NEW.status
                USING ERRCODE = '23514';
        END IF;
        RETURN NEW;
    END IF;
    IF ROW(NEW.chain_id, NEW.key, NEW.kind, NEW.subject_id, NEW.ticket_id, NEW."to", NEW.calldata,
           NEW.call_hash, NEW.expects, NEW.moved_assets, NEW.trades)
       IS DISTINCT FROM
       ROW(OLD.chain_id, OLD.key, OLD.kind, OLD.subject_id, OLD.ticket_id, OLD."to", OLD.calldata,
           OLD.call_hash, OLD.expects, OLD.moved_assets, OLD.trades) THEN
        RAISE EXCEPTION 'what a transaction was asked for does not change' USING ERRCODE = '23514';
    END IF;
    IF NEW.status <> OLD.status AND NOT (
        (OLD.status = 'QUEUED' AND NEW.status IN ('SIMULATED', 'FAILED', 'CANCELLED', 'EXPIRED'))
        OR (OLD.status = 'SIMULATED' AND NEW.status IN
            ('SIGNING', 'FAILED', 'CANCELLED', 'EXPIRED'))
        OR (OLD.status = 'SIGNING' AND NEW.status = 'SIGNED')
        OR (OLD.status = 'SIGNED' AND NEW.status IN ('BROADCAST', 'MINED', 'QUEUED'))
        OR (OLD.status = 'BROADCAST' AND NEW.status IN ('MINED', 'QUEUED'))
        OR (OLD.status = 'MINED' AND NEW.status IN
            ('BROADCAST', 'FINAL', 'REVERTED', 'MISMATCH', 'CANCELLED'))
    ) THEN
        RAISE EXCEPTION 'a transaction does not go from % to %', OLD.status, NEW.status
            USING ERRCODE = '23514';
    END IF;
    IF ROW(NEW.signer, NEW.nonce) IS DISTINCT FROM ROW(OLD.signer, OLD.nonce) AND NOT (
        (OLD.status = 'SIMULATED' AND NEW.status = 'SIGNING')
        OR (OLD.status IN ('SIGNED', 'BROADCAST') AND NEW.status = 'QUEUED')
    ) THEN
        RAISE EXCEPTION 'a nonce that was taken stays taken' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER chain_transaction_guard BEFORE INSERT OR UPDATE OR DELETE ON chain_transaction
    FOR EACH ROW EXECUTE FUNCTION chain_transaction_guard();
"""

TRANSACTION_BACK = """
DROP TRIGGER chain_transaction_guard ON chain_transaction;
DROP FUNCTION chain_transaction_guard();
"""

ATTEMPT = """
CREATE FUNCTION chain_attempt_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'bytes that were signed are never forgotten' USING ERRCODE = '23514';
    END IF;
    IF ROW(NEW.transaction_id, NEW.kind, NEW.tx_hash, NEW.raw, NEW.nonce, NEW.max_fee_per_gas,
           NEW.max_priority_fee_per_gas, NEW.created_at)
       IS DISTINCT FROM
       ROW(OLD.transaction_id, OLD.kind, OLD.tx_hash, OLD.raw, OLD.nonce, OLD.max_fee_per_gas,
           OLD.max_priority_fee_per_gas, OLD.created_at) THEN
        RAISE EXCEPTION 'bytes that were signed stay as they are' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER chain_attempt_guard BEFORE UPDATE OR DELETE ON chain_attempt
    FOR EACH ROW EXECUTE FUNCTION chain_attempt_guard();
"""

ATTEMPT_BACK = """
DROP TRIGGER chain_attempt_guard ON chain_attempt;
DROP FUNCTION chain_attempt_guard();
"""


class Migration(migrations.Migration):
    dependencies = [("chain", "0007_findings_about_invariants")]

    operations = [
        migrations.RunSQL(TRANSACTION, TRANSACTION_BACK),
        migrations.RunSQL(ATTEMPT, ATTEMPT_BACK),
    ]
