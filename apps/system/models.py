"""When each scheduled task last ran, and the right to see how the system is."""

from typing import ClassVar

from django.db import models


class TaskRun(models.Model):
    """The last start, success and failure of one task, overwritten by each run.

    ``overdue_since`` is when it was first seen overdue, ``overdue_told_at`` when people were told.
    """

    name = models.CharField(max_length=200, primary_key=True)
    last_started_at = models.DateTimeField(null=True)
    last_succeeded_at = models.DateTimeField(null=True)
    last_failed_at = models.DateTimeField(null=True)
    last_error = models.TextField(blank=True, default="")
    overdue_since = models.DateTimeField(null=True)
    overdue_told_at = models.DateTimeField(null=True)

    class Meta:
        ordering: ClassVar = ["name"]
        default_permissions = ("view",)
        verbose_name = "job"

    def __str__(self) -> str:
        return self.name


class Access(models.Model):
    """Carries permissions that belong to no table."""

    class Meta:
        managed = False
        default_permissions = ()
        permissions: ClassVar = [("view_health", "Can see the health of the system")]

    def __str__(self) -> str:
        return "access"
