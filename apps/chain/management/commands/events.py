"""``manage.py events --json``: every stored event, in chain order, for checking against a chain."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.chain import contracts
from apps.chain.models import Log


class Command(BaseCommand):
    """Prints stored events as one JSON list."""

    help = "Print every stored event in chain order; integers are decimal strings."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print a JSON list")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["json"]:
            raise CommandError("Say --json: that is the only format there is.")
        rows = Log.objects.order_by("chain_id", "block_number", "block_hash", "log_index")
        first = True
        self.stdout.write("[", ending="")
        for row in rows.iterator(chunk_size=2000):
            self.stdout.write("\n" if first else ",\n", ending="")
            self.stdout.write(json.dumps(_entry(row)), ending="")
            first = False
        self.stdout.write("\n]")


def _entry(row: Log) -> dict[str, Any]:
    return {
        "chainId": row.chain_id,
        "contract": {"kind": row.contract_kind, "address": row.address},
        "name": row.event or None,
        "args": contracts.in_abi_order(row.chain_id, row.address, row.topics, row.args),
        "blockNumber": row.block_number,
        "blockHash": row.block_hash,
        "blockTime": int(row.block_at.timestamp()),
        "txHash": row.tx_hash,
        "logIndex": row.log_index,
        "topics": row.topics,
        "data": row.data,
        "status": row.status,
    }
