"""devstack.looking."""

import pytest

from devstack.errors import DevError
from devstack.looking import until


def test_answers_with_what_is_found_at_last() -> None:
    seen = iter([None, "", "there"])

    assert until(lambda: next(seen), "nothing came", every_seconds=0.001) == "there"


def test_gives_up_with_the_complaint() -> None:
    with pytest.raises(DevError, match=r"After 0 s nothing came\."):
        until(lambda: None, "nothing came", seconds_max=0.01, every_seconds=0.001)
