"""The level of risk that the app above concluded, as one row."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("fund", "0002_second_generation"),
    ]

    operations = [
        migrations.CreateModel(
            name="RiskState",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "level",
                    models.CharField(
                        choices=[
                            ("NORMAL", "Normal"),
                            ("ELEVATED", "Elevated"),
                            ("HIGH", "High"),
                            ("CRITICAL", "Critical"),
                        ],
                        max_length=8,
                    ),
                ),
                (
                    "readings",
                    models.JSONField(default=dict, help_text="{indicator: value as text}"),
                ),
                ("as_of", models.DateTimeField(help_text="When the figures were true")),
                ("written_at", models.DateTimeField()),
            ],
            options={
                "verbose_name": "risk level",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("id", 1)), name="riskstate_is_one"
                    )
                ],
            },
        ),
    ]
