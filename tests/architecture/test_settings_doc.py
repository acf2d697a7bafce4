"""``.env.example`` names every environment variable that the settings read, with its default."""

import ast
import re
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
REQUIRED = object()


def read_by_settings() -> dict[str, object]:
    """Variable → default (``REQUIRED`` if there is none), from the settings' source."""
    found: dict[str, object] = {}
    for path in (ROOT / "paimon" / "settings").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and _reads_environment(node.func):
                name = ast.literal_eval(node.args[0])
                found[name] = _default(node)
    return found


def documented() -> dict[str, tuple[str, str, bool]]:
    """Variable → (documentation, value, is required), from the example."""
    found = {}
    lines = (ROOT / ".env.example").read_text().splitlines()
    for before, line in pairwise(lines):
        match = re.fullmatch(r"(# )?([A-Z][A-Z0-9_]*)=(.*)", line)
        if match:
            found[match[2]] = (before, match[3], match[1] is None)
    return found


def _reads_environment(function: ast.expr) -> bool:
    return (
        isinstance(function, ast.Attribute)
        and isinstance(function.value, ast.Name)
        and function.value.id == "env"
    )


def _default(call: ast.Call) -> object:
    if len(call.args) < 2:
        return REQUIRED
    try:
        return ast.literal_eval(call.args[1])
    except ValueError:
        return None  # computed from others


def _as_text(default: object) -> str:
    if isinstance(default, bool):
        return str(default).lower()
    return ",".join(default) if isinstance(default, list) else str(default)


def test_names_every_variable_and_no_other() -> None:
    assert set(documented()) == set(read_by_settings())


def test_each_has_a_line_of_documentation() -> None:
    undocumented = [
        name for name, (text, _, _) in documented().items() if not re.match(r"# \w.*\.$", text)
    ]
    assert not undocumented


def test_says_what_is_required_and_the_other_defaults() -> None:
    for name, default in read_by_settings().items():
        _, value, is_required = documented()[name]
        assert is_required is (default is REQUIRED), name
        if default is not REQUIRED and default is not None:
            assert value == _as_text(default), name
