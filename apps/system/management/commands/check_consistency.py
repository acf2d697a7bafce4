"""``manage.py check_consistency``: every check of our rows at once; 0 differences or exit 1."""

from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.chain import queries as chain
from apps.chain.queries import Difference
from apps.core import clock
from apps.core.errors import Unavailable
from apps.system import operations


class Command(BaseCommand):
    """Checks, writes findings down, and prints them."""

    help = (
        "Check our rows against themselves and against the chain at the final block. Differences "
        "are printed and kept as findings; with any, or a check that cannot be made, exits 1."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--chain", type=int, help="only this chain id")
        parser.add_argument(
            "--deep",
            action="store_true",
            help="every holder and role as well, and every row made again from the stored events",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        self._found = self._skipped = 0
        fund_chain_id = chain.fund_chain().chain_id
        for chain_id in [options["chain"]] if options["chain"] else chain.chain_ids():
            self._run(chain_id, "rows", operations.check_rows)
            if chain_id == fund_chain_id:
                self._run(chain_id, "vault and open redemptions", operations.check_state)
                if options["deep"]:
                    self._run(chain_id, "holders and roles", operations.check_holders_and_roles)
                    self._run(chain_id, "rows made again", operations.check_refold)
        if self._found or self._skipped:
            raise CommandError(
                f"{self._found} differences; {self._skipped} checks could not be made."
            )

    def _run(self, chain_id: int, name: str, check: Callable[..., list[Difference]]) -> None:
        try:
            found = check(chain_id=chain_id, at=clock.now())
        except Unavailable as trouble:
            self._skipped += 1
            self.stdout.write(f"chain {chain_id}, {name}: not checked: {trouble.message}")
            return
        self._found += len(found)
        self.stdout.write(f"chain {chain_id}, {name}: {len(found)} differences")
        for difference in found:
            self.stdout.write(f"  {difference.kind.label}: {difference.subject}")
            self.stdout.write(f"    {difference.detail}")
