"""Jobs remember since when they are overdue, and that people were told."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("system", "0001_task_runs_and_health_right")]

    operations = [
        migrations.AddField("taskrun", "overdue_since", models.DateTimeField(null=True)),
        migrations.AddField("taskrun", "overdue_told_at", models.DateTimeField(null=True)),
    ]
