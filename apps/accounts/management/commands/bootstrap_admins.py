"""manage.py bootstrap_admins: the first people of a new installation."""

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from apps.accounts import operations
from apps.core import clock
from apps.core.actor import Actor
from apps.core.errors import Refused

_FIELDS = {"username", "email", "first_name", "last_name", "roles", "wallet"}


class Command(BaseCommand):
    """Works once: when there are staff, it refuses."""

    help = (
        "Add the first team from a JSON file: a list of objects with username, email, roles and, "
        "if they decide or act, wallet (also first_name, last_name). At least two need the role "
        "ADMIN or SUPER_ADMIN. Prints each initial password once. Refuses when there are staff."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The file."""
        parser.add_argument("file", help="path of the JSON file, or - for standard input")

    def handle(self, *args: Any, **options: Any) -> None:
        """Read, create, print."""
        team = _team(_text(options["file"]))
        try:
            passwords = operations.bootstrap(
                team=team, actor=Actor.system("bootstrap_admins"), at=clock.now()
            )
        except Refused as refused:
            raise CommandError(refused.message) from refused
        except ValidationError as error:
            raise CommandError("; ".join(error.messages)) from error
        for username, password in passwords.items():
            self.stdout.write(f"{username}: initial password {password}")
        self.stdout.write(
            "Hand each password over in person. The authenticator is set up at the first sign-in."
        )


def _text(name: str) -> str:
    try:
        return sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")
    except OSError as error:
        raise CommandError(f"Cannot read {name}: {error.strerror}.") from error


def _team(text: str) -> list[operations.Newcomer]:
    try:
        rows = json.loads(text)
    except ValueError as error:
        raise CommandError(f"The file is not JSON: {error}.") from error
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise CommandError("The file holds no list of people.")
    for row in rows:
        unknown = sorted(row.keys() - _FIELDS)
        missing = sorted({"username", "email", "roles"} - row.keys())
        if unknown or missing:
            raise CommandError(
                f"Each person has username, email and roles; missing: {missing or 'nothing'}, "
                f"unknown: {unknown or 'nothing'}."
            )
    return [operations.Newcomer(**row) for row in rows]
