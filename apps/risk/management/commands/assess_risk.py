"""Judge risk at once, whenever the clock would: after a change, or when somebody wants to know."""

from typing import Any

from django.core.management.base import BaseCommand

from apps.core import clock
from apps.risk import operations


class Command(BaseCommand):
    """One run, as the clock makes it."""

    help = "Judge risk now, and say the level, the score and why."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Run it."""
        run = operations.assess(at=clock.now())
        self.stdout.write(f"{run.level}, score {run.score} of 100")
        for reason in run.reasons:
            self.stdout.write(f"- {reason}")
