"""A proposal keeps what was last read of its Safe, what is carried, and how it ended."""

from django.db import migrations, models
from django.utils import timezone

import apps.core.fields


class Migration(migrations.Migration):
    dependencies = [("chain", "0005_stops_and_limits_need_tickets")]

    operations = [
        migrations.AddField(
            model_name="safeproposal",
            name="carried",
            field=models.TextField(
                blank=True, default="", help_text="execTransaction with signatures"
            ),
        ),
        migrations.AddField(
            model_name="safeproposal",
            name="checked_at",
            field=models.DateTimeField(
                default=timezone.now, help_text="When owners and threshold were last read"
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="safeproposal",
            name="outcome",
            field=models.TextField(blank=True, default="", help_text="How and why it ended"),
        ),
        migrations.AddField(
            model_name="safeproposal",
            name="proposed_block",
            field=models.BigIntegerField(
                default=0, help_text="The newest block when it was proposed"
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="safeproposal",
            name="waits_because",
            field=models.TextField(blank=True, default="", help_text="Beside missing signatures"),
        ),
        migrations.AlterField(
            model_name="safeproposal",
            name="owners",
            field=models.JSONField(help_text="As last read from the chain"),
        ),
        migrations.AlterField(
            model_name="safeproposal",
            name="safe_tx_hash",
            field=apps.core.fields.HashField(),
        ),
        migrations.AlterField(
            model_name="safeproposal",
            name="status",
            field=models.CharField(
                choices=[
                    ("OPEN", "Waits for signatures"),
                    ("READY", "Signed, being carried out"),
                    ("EXECUTED", "Executed"),
                    ("WITHDRAWN", "Withdrawn"),
                ],
                default="OPEN",
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="safeproposal",
            name="threshold",
            field=models.IntegerField(help_text="As last read from the chain"),
        ),
        migrations.AddIndex(
            model_name="safeproposal",
            index=models.Index(
                condition=models.Q(("status__in", ["OPEN", "READY"])),
                fields=["chain_id", "safe"],
                name="proposal_live",
            ),
        ),
    ]
