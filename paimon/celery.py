"""The Celery app: tasks of every app, the clock's schedule, and a note of each run."""

import os
from typing import Any

from celery import Celery
from celery.signals import task_failure, task_prerun, task_success

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "paimon.settings.local")

app = Celery("paimon")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.database_reuse_max = 1000
app.autodiscover_tasks()


@app.on_after_finalize.connect
def _load_schedule(sender: Celery, **_kwargs: object) -> None:
    from paimon.schedule import SCHEDULE  # noqa: PLC0415 - tasks exist only now

    sender.conf.beat_schedule = SCHEDULE


@task_prerun.connect
def _note_started(task: Any = None, **_kwargs: object) -> None:
    from apps.core import clock  # noqa: PLC0415 - models exist only now
    from apps.system import operations  # noqa: PLC0415

    operations.note_started(name=task.name, at=clock.now())


@task_success.connect
def _note_succeeded(sender: Any = None, **_kwargs: object) -> None:
    from apps.core import clock  # noqa: PLC0415
    from apps.system import operations  # noqa: PLC0415

    operations.note_succeeded(name=sender.name, at=clock.now())


@task_failure.connect
def _note_failed(sender: Any = None, exception: object = None, **_kwargs: object) -> None:
    from apps.core import clock  # noqa: PLC0415
    from apps.system import operations  # noqa: PLC0415

    operations.note_failed(name=sender.name, error=repr(exception), at=clock.now())
