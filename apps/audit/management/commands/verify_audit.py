"""manage.py verify_audit: prove that nobody changed the operation log."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.audit import queries
from apps.core import clock


class Command(BaseCommand):
    """Recomputes the hash chain; exits with 1 and a sentence for each break."""

    help = "Prove that no record of the operation log was changed, removed or slipped in."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The head that an earlier run printed, to prove that the end was not cut off."""
        parser.add_argument(
            "--anchor", metavar="SEQUENCE:HASH", help="the head that an earlier run printed"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Verify and report."""
        proof = queries.verify(at=clock.now(), anchor=_anchor(options["anchor"]))
        self.stdout.write(
            f"{proof.sealed} sealed records, {proof.unsealed} waiting for their seal.\n"
            f"Head {proof.head_sequence}:{proof.head_hash}"
        )
        for found in proof.breaks:
            self.stderr.write(f"{found.kind}: {found.sentence}")
        if proof.breaks:
            raise CommandError(f"The operation log is broken in {len(proof.breaks)} places.")
        self.stdout.write("The operation log is intact.")


def _anchor(text: str | None) -> tuple[int, str] | None:
    if text is None:
        return None
    sequence, _, digest = text.partition(":")
    if not sequence.isdigit() or not digest:
        raise CommandError("--anchor is SEQUENCE:HASH, as an earlier run printed it.")
    return int(sequence), digest.lower()
