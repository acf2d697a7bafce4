"""``manage.py replay``: make every row that follows the chain again from the stored events."""

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.chain import operations as chain
from apps.chain import queries
from apps.core import clock
from apps.core.errors import Refused, Unavailable
from apps.system.operations import ListenerLeads, Rebuilt, rehearse, replay

_WAIT_SECONDS = 1.0


class Command(BaseCommand):
    """Rebuilds what was projected; either all of it is new afterwards, or all as it was."""

    help = (
        "Rebuild every row that follows the chain from the stored events, in one transaction. "
        "Prints each table's rows and digests before and after; progress goes to stderr."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--chain", type=int, help="this chain id (default: the fund's)")
        parser.add_argument(
            "--check", action="store_true", help="undo it and exit 1 if a table differs afterwards"
        )
        parser.add_argument(
            "--dry-run",
            action="store_true",
            help="rebuild beside the real rows and keep nothing; exit 1 if a table differs. "
            "A listener may go on meanwhile",
        )
        parser.add_argument(
            "--wait", action="store_true", help="wait until no listener reads the chain"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        chain_id = options["chain"] or queries.fund_chain().chain_id
        started = time.monotonic()
        try:
            if options["dry_run"]:
                rebuilt = rehearse(chain_id=chain_id, progress=self._progress, at=clock.now())
            else:
                if not options["check"]:
                    self._read_again(chain_id)
                rebuilt = self._replay(chain_id, options)
        except Refused as refused:
            raise CommandError(refused.message) from refused
        self._print(rebuilt, time.monotonic() - started)
        if (options["check"] or options["dry_run"]) and not rebuilt.is_equal:
            raise CommandError("Rows differ from what the events make; nothing was kept.")

    def _replay(self, chain_id: int, options: dict[str, Any]) -> Rebuilt:
        while True:
            try:
                return replay(
                    chain_id=chain_id,
                    only_if_equal=options["check"],
                    progress=self._progress,
                    at=clock.now(),
                )
            except ListenerLeads as leads:
                if not options["wait"]:
                    raise
                self.stderr.write(leads.message)
                time.sleep(_WAIT_SECONDS)

    def _read_again(self, chain_id: int) -> None:
        try:
            changed = chain.read_again(chain_id=chain_id)
        except Unavailable as trouble:
            self.stderr.write(f"What stands in for a reading stays: {trouble.message}")
        else:
            self.stderr.write(f"{changed} readings took the place of what stood in for them")

    def _progress(self, done: int, total: int) -> None:
        self.stderr.write(f"{done:,} of {total:,} events")

    def _print(self, rebuilt: Rebuilt, seconds: float) -> None:
        width = max(len(table.name) for table in rebuilt.tables)
        self.stdout.write(f"{'table':{width}} {'before':>10} {'after':>10}  digest")
        for table in rebuilt.tables:
            digests = table.after.sha256[:16]
            if not table.is_equal:
                digests = f"{table.before.sha256[:16]} → {digests}  DIFFERS"
            self.stdout.write(
                f"{table.name:{width}} {table.before.rows:>10,} {table.after.rows:>10,}  {digests}"
            )
        folded = rebuilt.folded
        self.stdout.write(
            f"{folded.applied:,} events applied in {seconds:.1f} s; "
            f"{folded.understood:,} understood only now, {folded.refused:,} of them refused. "
            + ("Kept." if rebuilt.kept else "Nothing was kept.")
        )
