"""Administrators receive the daily report; a report on demand goes to whoever asked for it."""

from django.db import migrations


def add(apps, schema_editor):
    apps.get_model("reports", "ReportSubscription").objects.get_or_create(kind="DAILY", role="ADMIN")


def remove(apps, schema_editor):
    apps.get_model("reports", "ReportSubscription").objects.filter(kind="DAILY", role="ADMIN").delete()


class Migration(migrations.Migration):
    dependencies = [("reports", "0002_transitions_in_the_database")]

    operations = [migrations.RunPython(add, remove)]
