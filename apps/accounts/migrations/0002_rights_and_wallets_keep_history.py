"""Triggers: tokens die with the rights they stand on; wallets are never rewritten."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION accounts_rights_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        UPDATE accounts_user SET token_version = token_version + 1 WHERE id = OLD.user_id;
    ELSE
        UPDATE accounts_user SET token_version = token_version + 1 WHERE id = NEW.user_id;
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION accounts_token_version_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.token_version := GREATEST(NEW.token_version, OLD.token_version);
    IF OLD.is_active AND NOT NEW.is_active THEN
        NEW.token_version := OLD.token_version + 1;
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION accounts_wallet_keeps_history() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE'
        AND OLD.retired_at IS NULL
        AND (NEW.id, NEW.user_id, NEW.address, NEW.registered_at)
            = (OLD.id, OLD.user_id, OLD.address, OLD.registered_at) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a registered wallet is never rewritten or deleted, only retired once'
        USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER accounts_roles_changed AFTER INSERT OR UPDATE OR DELETE ON accounts_user_groups
    FOR EACH ROW EXECUTE FUNCTION accounts_rights_changed();
CREATE TRIGGER accounts_token_version_grows BEFORE UPDATE ON accounts_user
    FOR EACH ROW EXECUTE FUNCTION accounts_token_version_grows();
CREATE TRIGGER accounts_wallet_keeps_history BEFORE UPDATE OR DELETE ON accounts_wallet
    FOR EACH ROW EXECUTE FUNCTION accounts_wallet_keeps_history();
"""

BACKWARD = """
DROP TRIGGER accounts_wallet_keeps_history ON accounts_wallet;
DROP TRIGGER accounts_token_version_grows ON accounts_user;
DROP TRIGGER accounts_roles_changed ON accounts_user_groups;
DROP FUNCTION accounts_wallet_keeps_history();
DROP FUNCTION accounts_token_version_grows();
DROP FUNCTION accounts_rights_changed();
"""


class Migration(migrations.Migration):

    dependencies = [("accounts", "0001_people_wallets_sessions")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
