"""Those who answer for risk receive the reports about it."""

from django.db import migrations

SUBSCRIPTIONS = [
    (kind, role) for kind in ("LIQUIDITY", "INCIDENT") for role in ("RISK_OFFICER", "ADMIN")
]


def add(apps, schema_editor):
    rows = apps.get_model("reports", "ReportSubscription").objects
    for kind, role in SUBSCRIPTIONS:
        rows.get_or_create(kind=kind, role=role)


def remove(apps, schema_editor):
    rows = apps.get_model("reports", "ReportSubscription").objects
    for kind, role in SUBSCRIPTIONS:
        rows.filter(kind=kind, role=role).delete()


class Migration(migrations.Migration):
    dependencies = [("reports", "0005_incident_is_frozen")]

    operations = [migrations.RunPython(add, remove)]
