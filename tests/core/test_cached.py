"""Values are kept for a moment, and computed where nothing can be kept."""

from collections.abc import Iterator
from typing import Any

import pytest
import redis
from django.core.cache import cache

from apps.core.cached import cached

KEY = "test:cached"


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    cache.delete(KEY)
    yield
    cache.delete(KEY)


def silent(*_args: Any, **_kwargs: Any) -> Any:
    raise redis.ConnectionError("gone")


class TestCached:
    def test_computes_once(self) -> None:
        values = iter([1, 2])

        assert [cached(KEY, 60, lambda: next(values)) for _ in range(2)] == [1, 1]

    def test_does_not_keep_none(self) -> None:
        values = iter([None, 2])

        assert [cached(KEY, 60, lambda: next(values)) for _ in range(2)] == [None, 2]

    def test_a_failure_is_not_kept(self) -> None:
        with pytest.raises(ZeroDivisionError):
            cached(KEY, 60, lambda: 1 // 0)

        assert cached(KEY, 60, lambda: 3) == 3

    @pytest.mark.parametrize("broken", ["get", "set"])
    def test_works_without_redis(self, monkeypatch: pytest.MonkeyPatch, broken: str) -> None:
        monkeypatch.setattr(cache, broken, silent)
        values = iter([1, 2])

        assert [cached(KEY, 60, lambda: next(values)) for _ in range(2)] == [1, 2]
