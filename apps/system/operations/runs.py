"""Notes of task runs, written around each task by Celery's signals (see ``paimon.celery``)."""

from datetime import datetime

from apps.system.models import TaskRun

ERROR_CHARACTERS_MAX = 2_000


def note_started(*, name: str, at: datetime) -> None:
    """A run of the task began."""
    _write(TaskRun(name=name, last_started_at=at), ["last_started_at"])


def note_succeeded(*, name: str, at: datetime) -> None:
    """A run of the task ended well; an earlier error no longer matters."""
    _write(TaskRun(name=name, last_succeeded_at=at), ["last_succeeded_at", "last_error"])


def note_failed(*, name: str, error: str, at: datetime) -> None:
    """A run of the task raised."""
    text = error.replace("\x00", "")[:ERROR_CHARACTERS_MAX]
    _write(TaskRun(name=name, last_failed_at=at, last_error=text), ["last_failed_at", "last_error"])


def _write(run: TaskRun, fields: list[str]) -> None:
    TaskRun.objects.bulk_create(
        [run], update_conflicts=True, unique_fields=["name"], update_fields=fields
    )
