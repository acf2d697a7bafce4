"""Reads a Procfile: one `name: command` a line."""

import re
from dataclasses import dataclass
from pathlib import Path

from devstack.errors import DevError

LINE = re.compile(r"(?P<name>[A-Za-z0-9_-]+):\s*(?P<command>\S.*)")


@dataclass(frozen=True, slots=True)
class Program:
    """One long-running program; its command goes to a shell, which fills in variables."""

    name: str
    command: str


def read_procfile(path: Path) -> list[Program]:
    """Return the programs of a Procfile in its order.

    Raises:
        DevError: a line is not `name: command`, or a name occurs twice.
    """
    programs: list[Program] = []
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        match = LINE.fullmatch(text)
        if match is None:
            raise DevError(f"{path.name}, line {number} is not `name: command`: {text}")
        program = Program(match["name"], match["command"])
        if any(program.name == other.name for other in programs):
            raise DevError(f"{path.name}, line {number} names {program.name} a second time.")
        programs.append(program)
    return programs
