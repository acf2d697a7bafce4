"""A paused signer becomes a stop of that signer; what replacing and cancelling need is kept."""

from django.db import migrations, models
from django.utils import timezone


def stop_paused_signers(apps, schema_editor):
    account = apps.get_model("chain", "SignerAccount")
    stop = apps.get_model("chain", "Stop")
    for row in account.objects.exclude(paused_reason=""):
        stop.objects.get_or_create(
            scope=f"signer:{row.chain_id}:{row.address}",
            lifted_at=None,
            defaults={
                "reason": row.paused_reason,
                "set_by": "sender",
                "set_at": timezone.now(),
            },
        )


class Migration(migrations.Migration):
    dependencies = [("chain", "0003_providers_coverage_limits_and_safes")]

    operations = [
        migrations.RunPython(stop_paused_signers, migrations.RunPython.noop),
        migrations.RemoveField(model_name="signeraccount", name="paused_reason"),
        migrations.AddField(
            model_name="signeraccount",
            name="limits_ticket_id",
            field=models.BigIntegerField(help_text="Who approved these limits", null=True),
        ),
        migrations.AddField(
            model_name="signeraccount",
            name="trouble",
            field=models.TextField(blank=True, default="", help_text="Why its key cannot be used"),
        ),
        migrations.AlterModelOptions(
            name="signeraccount",
            options={"permissions": [("propose_limits", "Can propose limits of signers")]},
        ),
        migrations.AlterModelOptions(
            name="transaction",
            options={
                "permissions": [("manage_transaction", "Can retry, bump or cancel a transaction")]
            },
        ),
        migrations.AddField(
            model_name="transaction",
            name="bump_asked",
            field=models.BooleanField(default=False, help_text="A person wants a higher fee now"),
        ),
        migrations.AddField(
            model_name="transaction",
            name="cancel_reason",
            field=models.TextField(
                blank=True, default="", help_text="Why its nonce is to be spent on nothing"
            ),
        ),
        migrations.AlterField(
            model_name="attempt",
            name="sent_at",
            field=models.DateTimeField(help_text="First", null=True),
        ),
        migrations.AddField(
            model_name="attempt",
            name="sent_again_at",
            field=models.DateTimeField(help_text="Last", null=True),
        ),
    ]
