"""Open pages hear of plans that were executed."""

from django.db import migrations, models

CHANNELS = (
    "fund:overview",
    "fund:nav",
    "redemption:new",
    "redemption:settled",
    "approval:new",
    "approval:resolved",
    "risk:alert",
    "rebalance:executed",
    "chain:status",
)


class Migration(migrations.Migration):
    dependencies = [("notifications", "0002_transitions_in_the_database")]

    operations = [
        migrations.AlterField(
            model_name="pushmessage",
            name="channel",
            field=models.CharField(choices=[(name, name) for name in CHANNELS], max_length=40),
        )
    ]
