"""Shares of limits come back only with an end that moved nothing; counters only rise; what owners
were asked and have signed stays: whoever writes."""

from django.db import migrations

TRANSACTION = """
CREATE FUNCTION chain_transaction_origin_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.nonce IS NOT NULL OR NEW.signer <> '' THEN
            RAISE EXCEPTION 'a transaction begins without a nonce' USING ERRCODE = '23514';
        END IF;
    ELSIF ROW(NEW.sentence, NEW.requested_by) IS DISTINCT FROM ROW(OLD.sentence, OLD.requested_by)
    THEN
        RAISE EXCEPTION 'who asked for a transaction, in which words, does not change'
            USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER chain_transaction_origin_guard BEFORE INSERT OR UPDATE ON chain_transaction
    FOR EACH ROW EXECUTE FUNCTION chain_transaction_origin_guard();
"""

TRANSACTION_BACK = """
DROP TRIGGER chain_transaction_origin_guard ON chain_transaction;
DROP FUNCTION chain_transaction_origin_guard();
"""

COUNTERS = """
CREATE FUNCTION chain_signeraccount_counters() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.epoch < OLD.epoch OR NEW.next_nonce < OLD.next_nonce
        OR (NEW.next_nonce IS NULL AND OLD.next_nonce IS NOT NULL) THEN
        RAISE EXCEPTION 'the nonce and the epoch of % only rise', NEW.name USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER chain_signeraccount_counters BEFORE UPDATE ON chain_signeraccount
    FOR EACH ROW EXECUTE FUNCTION chain_signeraccount_counters();
"""

COUNTERS_BACK = """
DROP TRIGGER chain_signeraccount_counters ON chain_signeraccount;
DROP FUNCTION chain_signeraccount_counters();
"""

RESERVATION = """
CREATE FUNCTION chain_reservation_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    intent chain_transaction%ROWTYPE;
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'a share of the limits is never deleted' USING ERRCODE = '23514';
    END IF;
    SELECT * INTO intent FROM chain_transaction WHERE id = NEW.transaction_id;
    IF NEW.released_at IS NOT NULL
        AND intent.status NOT IN ('FAILED', 'CANCELLED', 'EXPIRED', 'REVERTED') THEN
        RAISE EXCEPTION 'a share comes back only when its transaction ended and moved nothing'
            USING ERRCODE = '23514';
    END IF;
    IF TG_OP = 'UPDATE' AND (
        NEW.transaction_id <> OLD.transaction_id OR NEW.at < OLD.at
        OR (ROW(NEW.signer_id, NEW.assets) IS DISTINCT FROM ROW(OLD.signer_id, OLD.assets)
            AND intent.status NOT IN ('QUEUED', 'SIMULATED'))
    ) THEN
        RAISE EXCEPTION 'a share of the limits stays where and when it was taken'
            USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER chain_reservation_guard BEFORE INSERT OR UPDATE OR DELETE ON chain_reservation
    FOR EACH ROW EXECUTE FUNCTION chain_reservation_guard();
"""

RESERVATION_BACK = """
DROP TRIGGER chain_reservation_guard ON chain_reservation;
DROP FUNCTION chain_reservation_guard();
"""

SAFE = """
CREATE FUNCTION chain_safeproposal_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'what owners were asked is never deleted' USING ERRCODE = '23514';
    END IF;
    IF ROW(NEW.transaction_id, NEW.chain_id, NEW.safe, NEW.safe_nonce, NEW."to", NEW.data,
           NEW.safe_tx_hash)
       IS DISTINCT FROM
       ROW(OLD.transaction_id, OLD.chain_id, OLD.safe, OLD.safe_nonce, OLD."to", OLD.data,
           OLD.safe_tx_hash) THEN
        RAISE EXCEPTION 'what owners were asked does not change' USING ERRCODE = '23514';
    END IF;
    IF OLD.status IN ('EXECUTED', 'WITHDRAWN') AND NEW.status <> OLD.status THEN
        RAISE EXCEPTION 'a proposal that is % stays so', OLD.status USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER chain_safeproposal_guard BEFORE UPDATE OR DELETE ON chain_safeproposal
    FOR EACH ROW EXECUTE FUNCTION chain_safeproposal_guard();

CREATE FUNCTION chain_safeconfirmation_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a signature stays as it was given' USING ERRCODE = '23514';
END $$;
CREATE TRIGGER chain_safeconfirmation_guard BEFORE UPDATE OR DELETE ON chain_safeconfirmation
    FOR EACH ROW EXECUTE FUNCTION chain_safeconfirmation_guard();
"""

SAFE_BACK = """
DROP TRIGGER chain_safeconfirmation_guard ON chain_safeconfirmation;
DROP FUNCTION chain_safeconfirmation_guard();
DROP TRIGGER chain_safeproposal_guard ON chain_safeproposal;
DROP FUNCTION chain_safeproposal_guard();
"""


class Migration(migrations.Migration):
    dependencies = [("chain", "0009_a_rewind_may_need_a_replay")]

    operations = [
        migrations.RunSQL(TRANSACTION, TRANSACTION_BACK),
        migrations.RunSQL(COUNTERS, COUNTERS_BACK),
        migrations.RunSQL(RESERVATION, RESERVATION_BACK),
        migrations.RunSQL(SAFE, SAFE_BACK),
    ]
