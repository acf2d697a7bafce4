"""Names that people use, and the rights to propose."""

from django.db import migrations

_IN_ORDER = {"ordering": ["-block_number", "-log_index"]}


class Migration(migrations.Migration):
    dependencies = [
        ("fund", "0004_asset_profiles"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="asset",
            options={
                "ordering": ["tier", "symbol", "token"],
                "permissions": [("propose_assets", "Can propose assets, targets and terms")],
                "verbose_name": "asset",
            },
        ),
        migrations.AlterModelOptions(
            name="assettrade", options={**_IN_ORDER, "verbose_name": "trade"}
        ),
        migrations.AlterModelOptions(
            name="contractparameter", options={**_IN_ORDER, "verbose_name": "contract setting"}
        ),
        migrations.AlterModelOptions(
            name="contractreference", options={**_IN_ORDER, "verbose_name": "linked contract"}
        ),
        migrations.AlterModelOptions(
            name="contractswitch",
            options={
                **_IN_ORDER,
                "verbose_name": "pause or emergency mode",
                "verbose_name_plural": "pauses and emergency mode",
            },
        ),
        migrations.AlterModelOptions(
            name="feeentry",
            options={
                **_IN_ORDER,
                "permissions": [("propose_fees", "Can propose withdrawals of fees")],
                "verbose_name": "line of the fee ledger",
                "verbose_name_plural": "fees",
            },
        ),
        migrations.AlterModelOptions(
            name="tierconfig", options={**_IN_ORDER, "verbose_name": "tier target"}
        ),
    ]
