"""Triggers: the log and its seals only grow, and each new record waits for its seal.

The owner of the tables can still switch triggers off; then the chain of hashes tells.
"""

from django.db import migrations

FORWARD = """
CREATE FUNCTION audit_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE FUNCTION audit_await_seal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO audit_unsealed (log_id) VALUES (NEW.id);
    RETURN NULL;
END $$;

CREATE TRIGGER audit_log_no_change BEFORE UPDATE OR DELETE ON audit_operationlog
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER audit_log_no_truncate BEFORE TRUNCATE ON audit_operationlog
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER audit_seal_no_change BEFORE UPDATE OR DELETE ON audit_seal
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER audit_seal_no_truncate BEFORE TRUNCATE ON audit_seal
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER audit_log_awaits_seal AFTER INSERT ON audit_operationlog
    FOR EACH ROW EXECUTE FUNCTION audit_await_seal();
"""

BACKWARD = """
DROP TRIGGER audit_log_awaits_seal ON audit_operationlog;
DROP TRIGGER audit_seal_no_truncate ON audit_seal;
DROP TRIGGER audit_seal_no_change ON audit_seal;
DROP TRIGGER audit_log_no_truncate ON audit_operationlog;
DROP TRIGGER audit_log_no_change ON audit_operationlog;
DROP FUNCTION audit_await_seal();
DROP FUNCTION audit_refuse_change();
"""


class Migration(migrations.Migration):

    dependencies = [("audit", "0001_log_and_seals")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
