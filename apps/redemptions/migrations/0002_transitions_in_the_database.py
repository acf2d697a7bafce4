"""A redemption moves along its table and no other way, whoever writes."""

from django.db import migrations

GUARD = """
CREATE FUNCTION redemptions_redemption_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.status <> (CASE WHEN NEW.requires_approval THEN 'PENDING_APPROVAL' ELSE 'PENDING' END) THEN
            RAISE EXCEPTION 'a redemption does not begin as %', NEW.status USING ERRCODE = '23514';
        END IF;
        RETURN NEW;
    END IF;
    IF ROW(NEW.key, NEW.chain_id, NEW.request_id, NEW.manager, NEW.owner, NEW.receiver, NEW.shares,
           NEW.gross_assets, NEW.channel, NEW.requires_approval, NEW.requested_at, NEW.tx_hash,
           NEW.position)
       IS DISTINCT FROM
       ROW(OLD.key, OLD.chain_id, OLD.request_id, OLD.manager, OLD.owner, OLD.receiver, OLD.shares,
           OLD.gross_assets, OLD.channel, OLD.requires_approval, OLD.requested_at, OLD.tx_hash,
           OLD.position) THEN
        RAISE EXCEPTION 'what a request asked for does not change' USING ERRCODE = '23514';
    END IF;
    IF NEW.status <> OLD.status AND NOT (
        (OLD.status IN ('PENDING', 'APPROVED') AND NEW.status = 'SETTLED')
        OR (OLD.status = 'PENDING_APPROVAL' AND NEW.status IN ('APPROVED', 'REJECTED', 'CANCELLED'))
    ) THEN
        RAISE EXCEPTION 'a redemption does not go from % to %', OLD.status, NEW.status
            USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER redemptions_redemption_guard BEFORE INSERT OR UPDATE ON redemptions_redemption
    FOR EACH ROW EXECUTE FUNCTION redemptions_redemption_guard();
"""

BACK = """
DROP TRIGGER redemptions_redemption_guard ON redemptions_redemption;
DROP FUNCTION redemptions_redemption_guard();
"""


class Migration(migrations.Migration):
    dependencies = [("redemptions", "0001_redemption")]

    operations = [migrations.RunSQL(GUARD, BACK)]
