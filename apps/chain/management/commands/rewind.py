"""``manage.py rewind --chain ID --to-block N``: a person's way out of a halt."""

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError

from apps.chain import config as chain_config
from apps.chain.config import ChainConfig
from apps.chain.listener.rewinding import Rewound, rewind
from apps.chain.operations.folding import listener_lock
from apps.core import clock
from apps.core.actor import Actor
from apps.core.errors import Refused
from apps.core.locks import exclusive


class Command(BaseCommand):
    """Forgets the chain above a block, so that the listener reads it again."""

    help = (
        "Forget what was read of a chain above a block and lift its halt. Stop the listener first; "
        "compare the chain with another node before. Where events above the block were applied, "
        "the chain stays halted until a replay."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--chain", type=int, required=True, help="chain id")
        parser.add_argument("--to-block", type=int, required=True, help="the last block that stays")
        parser.add_argument("--dry-run", action="store_true", help="only say what would happen")
        parser.add_argument("--yes", action="store_true", help="do not ask")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            config = chain_config.chain(options["chain"])
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from error
        with exclusive(listener_lock(config.chain_id)) as alone:
            if not alone:
                raise CommandError(
                    f"A listener (or a replay) holds chain {config.chain_id}: stop it first."
                )
            self._tell(config, self._rewind(config, options["to_block"], dry_run=True))
            if options["dry_run"]:
                return
            if not options["yes"] and input("Type the chain id to go on: ") != str(config.chain_id):
                raise CommandError("Nothing was changed.")
            done = self._rewind(config, options["to_block"], dry_run=False)
        if done.replay_due:
            self.stdout.write(
                self.style.WARNING(
                    "Done. The chain stays halted until the rows that follow from it are made "
                    f"again:\n  manage.py replay --chain {config.chain_id}\n"
                    f"The listener goes on at block {done.next_block} after that."
                )
            )
        else:
            self.stdout.write(
                self.style.SUCCESS(
                    f"Done: the listener goes on at block {done.next_block} when it is started."
                )
            )

    def _rewind(self, config: ChainConfig, to_block: int, *, dry_run: bool) -> Rewound:
        try:
            return rewind(
                config,
                to_block=to_block,
                dry_run=dry_run,
                actor=Actor.system("manage.py rewind"),
                at=clock.now(),
            )
        except Refused as refusal:
            raise CommandError(str(refusal)) from refusal

    def _tell(self, config: ChainConfig, rewound: Rewound) -> None:
        self.stdout.write(
            f"Chain {config.name} ({config.chain_id}): {rewound.blocks} blocks and "
            f"{rewound.logs} events are forgotten; reading goes on at block {rewound.next_block}."
        )
        for event, count in rewound.applied.items():
            self.stdout.write(f"  applied already: {count} {event}")
        for pk in rewound.resent:
            self.stdout.write(f"  transaction {pk} goes out again")
        for pk in rewound.ended:
            self.stdout.write(f"  transaction {pk} had ended there: look at it by hand")
