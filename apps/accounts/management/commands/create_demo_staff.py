"""manage.py create_demo_staff: the demo's people, and how to sign in as them."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.accounts import operations
from apps.core import clock
from apps.core.actor import Actor
from apps.core.errors import Refused


class Command(BaseCommand):
    """Runs only in the demo; asking again prints the same."""

    help = "Create the demo's staff (only with PAIMON_DEMO) and print how to sign in as them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """How to print."""
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Create and print."""
        try:
            people = operations.create_demo_staff(
                actor=Actor.system("create_demo_staff"), at=clock.now()
            )
        except Refused as refused:
            raise CommandError(refused.message) from refused
        if options["json"]:
            self.stdout.write(json.dumps({"staff": [asdict(one) for one in people]}, indent=2))
            return
        for one in people:
            self.stdout.write(
                f"{one.username:8} {', '.join(one.roles):13} password {one.password}  "
                f"authenticator secret {one.totp_secret}  wallet {one.wallet}"
            )
