"""Who stands behind an asset; changed only as an approved ticket says, whoever writes."""

from django.db import migrations, models

import apps.core.fields

GUARD = """
CREATE FUNCTION fund_assetprofile_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'an asset''s profile is never deleted' USING ERRCODE = '23514';
    END IF;
    IF TG_OP = 'INSERT' AND NEW.ticket_id IS NULL
        AND NOT EXISTS (SELECT 1 FROM fund_assetprofile WHERE ticket_id IS NOT NULL) THEN
        RETURN NEW;  -- it comes with the installation
    END IF;
    IF TG_OP = 'UPDATE' AND (
        ROW(NEW.chain_id, NEW.token) IS DISTINCT FROM ROW(OLD.chain_id, OLD.token)
        OR NEW.ticket_id < OLD.ticket_id
    ) THEN
        RAISE EXCEPTION 'a profile stays its asset''s and never goes back to an older ticket'
            USING ERRCODE = '23514';
    END IF;
    IF NOT EXISTS (
        SELECT 1 FROM approvals_ticket
        WHERE id = NEW.ticket_id AND status = 'APPROVED' AND chain_id = NEW.chain_id
            AND ((kind = 'CONFIG_CHANGE' AND subject_id = 'fund:asset:' || NEW.token)
                OR (kind = 'ASSET_ADD' AND subject_id = NEW.token))
            AND facts #>> '{new,issuer}' = NEW.issuer
            AND facts #>> '{new,otcContact}' = NEW.otc_contact
            AND (facts #>> '{new,noticeDays}')::int = NEW.notice_days
            AND (facts #>> '{new,maturesAt}')::bigint
                IS NOT DISTINCT FROM extract(epoch FROM NEW.matures_at)::bigint
    ) THEN
        RAISE EXCEPTION 'the profile of % is what an approved ticket says', NEW.token
            USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER fund_assetprofile_guard BEFORE INSERT OR UPDATE OR DELETE ON fund_assetprofile
    FOR EACH ROW EXECUTE FUNCTION fund_assetprofile_guard();
"""

BACK = """
DROP TRIGGER fund_assetprofile_guard ON fund_assetprofile;
DROP FUNCTION fund_assetprofile_guard();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("fund", "0003_risk_level"),
        ("approvals", "0001_rules_tickets_votes"),
    ]

    operations = [
        migrations.CreateModel(
            name="AssetProfile",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("chain_id", models.BigIntegerField()),
                ("token", apps.core.fields.AddressField()),
                (
                    "issuer",
                    models.CharField(
                        help_text="The counterparty whose failure loses it", max_length=200
                    ),
                ),
                ("otc_contact", models.CharField(blank=True, default="", max_length=200)),
                (
                    "matures_at",
                    models.DateTimeField(help_text="Empty when it has no end", null=True),
                ),
                (
                    "notice_days",
                    models.PositiveSmallIntegerField(
                        default=0, help_text="Days between asking to sell and being paid"
                    ),
                ),
                ("ticket_id", models.BigIntegerField(null=True)),
                ("changed_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("chain_id", "token"), name="assetprofile_once"
                    )
                ],
            },
        ),
        migrations.RunSQL(GUARD, BACK),
    ]
