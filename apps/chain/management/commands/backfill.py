"""``manage.py backfill --from N --to M``: read final blocks again and store what is missing."""

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError

from apps.chain import config as chain_config
from apps.chain.client import Client
from apps.chain.client.blocks import NodeLied
from apps.chain.listener.backfill import read_again
from apps.core import clock
from apps.core.errors import Refused


class Command(BaseCommand):
    """Compares a range of final blocks with the nodes; safe beside a running listener."""

    help = (
        "Read a range of final blocks again, from another node than the listener's where there is "
        "one, and store the events that are missing. Safe beside a running listener. (A contract "
        "added to the chain file needs no such command: the listener reads its past by itself.)"
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--chain", type=int, help="chain id; the fund's chain when not given")
        parser.add_argument("--from", type=int, required=True, dest="first", help="first block")
        parser.add_argument("--to", type=int, required=True, dest="last", help="last block, final")
        parser.add_argument("--dry-run", action="store_true", help="only say what is missing")

    def handle(self, *args: Any, **options: Any) -> None:
        first, last, dry_run = options["first"], options["last"], options["dry_run"]
        if not 0 <= first <= last:
            raise CommandError("--from must not be above --to.")
        missing = extra = 0
        try:
            config = (
                chain_config.fund_chain()
                if options["chain"] is None
                else chain_config.chain(options["chain"])
            )
            for chunk in read_again(
                config,
                Client(config),
                first=first,
                last=last,
                dry_run=dry_run,
                clock=clock.now,
            ):
                missing += len(chunk.comparison.missing)
                extra += len(chunk.comparison.extra)
                self.stdout.write(
                    f"blocks {chunk.first} to {chunk.last} ({chunk.last - first + 1} of "
                    f"{last - first + 1}): {chunk.logs} events, "
                    f"{len(chunk.comparison.missing)} missing here"
                )
        except (ImproperlyConfigured, Refused, NodeLied) as error:
            raise CommandError(str(error)) from error
        verb = "would be stored" if dry_run else "stored"
        self.stdout.write(self.style.SUCCESS(f"{missing} missing events {verb}."))
        if extra:
            raise CommandError(
                f"{extra} events here are not on the chain; see the findings. `rewind` and "
                "`replay` are the way out."
            )
