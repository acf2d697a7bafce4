"""``manage.py load_price_sources FILE.toml``: an installation's first price sources."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError

from apps.core import clock
from apps.core.actor import Actor
from apps.core.errors import Refused
from apps.oracle import operations


class Command(BaseCommand):
    """Takes over a file's sources, all or none; refuses once there are any."""

    help = (
        "Load the first price sources from a TOML file of [[sources]] tables. Later ones are "
        "proposed on the oracle's page and approved by another person."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="the TOML file")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            count = operations.load_sources(
                path=options["file"],
                actor=Actor.system("manage.py load_price_sources"),
                at=clock.now(),
            )
        except (ImproperlyConfigured, Refused) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{count} price sources loaded.")
