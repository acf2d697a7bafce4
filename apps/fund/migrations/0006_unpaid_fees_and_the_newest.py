"""Fees that were taken and not yet paid, in snapshots; the newest one, and a span, at once."""

from django.db import migrations, models

from apps.core.fields import Uint256Field


class Migration(migrations.Migration):
    dependencies = [
        ("fund", "0005_names_and_rights"),
    ]

    operations = [
        migrations.AddField(
            model_name="snapshot",
            name="unpaid_fees_assets",
            field=Uint256Field(
                help_text="Management and performance fees taken, and waiting for cash", null=True
            ),
        ),
        migrations.AddIndex(
            model_name="snapshot",
            index=models.Index(
                condition=models.Q(("status", "OK")),
                fields=["-block_number", "-taken_at"],
                name="snapshot_newest",
            ),
        ),
        migrations.AddIndex(
            model_name="snapshot",
            index=models.Index(
                condition=models.Q(("status", "OK")),
                fields=["slot", "block_number"],
                name="snapshot_in_time",
            ),
        ),
    ]
