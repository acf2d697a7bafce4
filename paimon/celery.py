"""The Celery app: tasks of every app, the clock's schedule, and a note of each run."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "paimon.settings.local")

app = Celery("paimon")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.database_reuse_max = 1000
app.autodiscover_tasks()


@app.on_after_finalize.connect
def _load_schedule(sender: Celery, **_kwargs: object) -> None:
    from paimon.schedule import SCHEDULE  # noqa: PLC0415 - tasks exist only now

    sender.conf.beat_schedule = SCHEDULE
