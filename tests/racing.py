"""Many who do something in the same moment, each in a thread and with a connection of its own."""

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar, cast

from django.db import connection

from apps.core.errors import Refused

_Result = TypeVar("_Result")


def outcomes(jobs: Sequence[Callable[[], object]]) -> list[object]:
    """Run every job, all released together; what each returned, or the error it raised."""
    barrier = threading.Barrier(len(jobs))
    results: list[object] = [None] * len(jobs)

    def run(index: int, job: Callable[[], object]) -> None:
        try:
            connection.ensure_connection()
            barrier.wait(60)
            results[index] = job()
        except BaseException as error:  # noqa: BLE001 - it is the result
            results[index] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=item) for item in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    return results


def at_once(count: int, act: Callable[[int], _Result]) -> list[_Result]:
    """Let so many do the same, and give each its number; what each returned. No error is meant."""
    results = outcomes([partial(act, number) for number in range(count)])
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return cast("list[_Result]", results)


def refusals(results: Sequence[object]) -> Counter[str]:
    """How often each refusal is among the outcomes; no other error may be."""
    errors = [result for result in results if isinstance(result, BaseException)]
    assert all(isinstance(error, Refused) for error in errors), errors
    return Counter(type(error).__name__ for error in errors)
