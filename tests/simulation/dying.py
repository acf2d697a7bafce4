"""Death of a process between any two statements or requests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection


class Died(BaseException):
    """The process is gone; nothing in it runs any more. Not an ``Exception``: nobody catches it."""


class Death:
    """Counts what a process does to the outside; at the appointed count it dies.

    A statement or a request either still happens before death or not: ``after`` says which. What
    an open transaction held is gone, as when the connection of a killed process closes.
    """

    def __init__(self) -> None:
        self._left: int | None = None
        self._after = False
        self.steps = 0

    @contextmanager
    def appointed(self, step: int | None, *, after: bool = False) -> Iterator[None]:
        """Count inside the block, and die at ``step`` (the first is 1; None: live on)."""
        self._left, self._after, self.steps = step, after, 0
        try:
            with connection.execute_wrapper(self._statement):
                yield
        finally:
            self._left = None
            # Django's own single-statement blocks leave this to the end of the transaction, which
            # in a play is the play's own; the dead process's would have ended with it.
            connection.needs_rollback = False

    def step(self, what: Callable[[], Any]) -> Any:
        """Do one thing to the outside world, or die before or after it."""
        self.steps += 1
        if self._left is None:
            return what()
        self._left -= 1
        if self._left > 0:
            return what()
        self._left = None  # what unwinds the transaction still speaks to the database
        if self._after:
            what()
        raise Died

    def _statement(
        self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        return self.step(lambda: execute(sql, params, many, context))
