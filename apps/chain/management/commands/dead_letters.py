"""``manage.py dead_letters``: events that could not be applied: list, show, retry."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.chain import contracts, operations
from apps.chain.models import Log
from apps.core import clock
from apps.core.actor import Actor

_ACTOR = Actor.system("manage.py dead_letters")


class Command(BaseCommand):
    """Shows parked events and lets the dispatcher take them again."""

    help = "List, show or retry events that failed, are unknown, or could not be decoded."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--chain", type=int, help="only this chain id")
        actions = parser.add_subparsers(dest="action", required=True)
        listing = actions.add_parser("list", help="one line for each")
        listing.add_argument("--event", default="", help="only events of this name")
        show = actions.add_parser("show", help="everything about one")
        show.add_argument("id", type=int)
        retry = actions.add_parser("retry", help="decode anew if needed, and apply again at once")
        which = retry.add_mutually_exclusive_group(required=True)
        which.add_argument("id", type=int, nargs="?")
        which.add_argument("--all", action="store_true", help="every parked event")
        which.add_argument("--event", default="", help="every parked event of this name")

    def handle(self, *args: Any, **options: Any) -> None:
        actions = {"list": self._list, "show": self._show, "retry": self._retry}
        actions[options["action"]](options)

    def _list(self, options: dict[str, Any]) -> None:
        rows = operations.dead_letters(chain_id=options["chain"], event=options["event"])
        for row in rows:
            self.stdout.write(_line(row))
        self.stdout.write(f"{len(rows)} events")

    def _show(self, options: dict[str, Any]) -> None:
        row = Log.objects.filter(pk=options["id"]).first()
        if row is None:
            raise CommandError(f"There is no event {options['id']}.")
        args = contracts.in_abi_order(row.chain_id, row.address, row.topics, row.args) or {}
        self.stdout.write(_line(row))
        self.stdout.write(f"{row.contract_kind} {row.address}, transaction {row.tx_hash}")
        self.stdout.write(f"{row.attempts} attempts, next {row.retry_at or 'by hand'}")
        for name, value in args.items():
            self.stdout.write(f"  {name} = {value}")
        self.stdout.write("\n".join(["topics", *(f"  {topic}" for topic in row.topics)]))
        self.stdout.write(f"data\n  {row.data}\n{row.error}".rstrip())

    def _retry(self, options: dict[str, Any]) -> None:
        if options["id"] is not None:
            ids = [options["id"]]
        else:
            rows = operations.dead_letters(chain_id=options["chain"], event=options["event"])
            ids = list(rows.values_list("pk", flat=True))
        outcomes = operations.retry_logs(log_ids=ids, actor=_ACTOR, at=clock.now())
        refusals = {pk: refused for pk, refused in outcomes.items() if refused is not None}
        for pk, refused in refusals.items():
            self.stderr.write(f"{pk}: {refused.message}")
        self.stdout.write(f"{len(outcomes) - len(refusals)} of {len(outcomes)} will be applied")
        if refusals:
            raise CommandError(f"{len(refusals)} refused.")


def _line(row: Log) -> str:
    reason = (row.error.strip().splitlines() or [""])[-1][:120]
    name = row.event or (row.topics[0] if row.topics else "no topic")
    return f"{row.pk} {row.status} chain {row.chain_id} block {row.block_number} {name} {reason}"
