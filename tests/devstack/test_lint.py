"""devstack.lint with stand-ins for the checkers."""

from pathlib import Path

import pytest

from devstack import lint as lint_module
from devstack.console import Console
from devstack.errors import DevError
from devstack.lint import Checker, lint

CONTENT = Checker("content", ("-c", "print('fine')"))
UNHAPPY = Checker("unhappy", ("-c", "import sys; sys.exit('line 7 is wrong')"))


def test_all_content_is_a_success(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(lint_module, "CHECKERS", (CONTENT,))

    lint(Console())

    told = capsys.readouterr().out
    assert "All clean." in told
    assert "fine" not in told


def test_one_unhappy_is_a_failure_that_says_why(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(lint_module, "CHECKERS", (CONTENT, UNHAPPY))

    with pytest.raises(DevError, match="Not clean: unhappy"):
        lint(Console())

    assert "line 7 is wrong" in capsys.readouterr().out


@pytest.mark.parametrize("checker", lint_module.CHECKERS, ids=lambda checker: checker.name)
def test_every_real_checker_fails_where_there_is_no_project(
    checker: Checker, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A checker that cannot fail would be no checker."""
    (tmp_path / "broken.py").write_text("def f( :\n")
    monkeypatch.setattr(lint_module, "ROOT", tmp_path)
    monkeypatch.setattr(lint_module, "CHECKERS", (checker,))

    with pytest.raises(DevError, match=checker.name):
        lint(Console())
