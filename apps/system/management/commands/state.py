"""``manage.py state --json``: redemptions, balances and the vault as of the final block."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.core.errors import Unavailable
from apps.system.queries.state import state


class Command(BaseCommand):
    """Prints one JSON object whose keys and lists are always in the same order."""

    help = "Print redemptions, holders' balances and the vault's state as of the final block."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print a JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["json"]:
            raise CommandError("Say --json: that is the only format there is.")
        try:
            found = state()
        except Unavailable as error:
            raise CommandError(f"The vault's state cannot be read: {error.message}") from error
        self.stdout.write(json.dumps(found, indent=2, sort_keys=True))
