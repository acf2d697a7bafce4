"""``manage.py backtest_forecast``: how right forecasts would have been, had they been made."""

from argparse import ArgumentParser
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError

from apps.core.display import amount_text
from apps.risk.queries import backtesting
from apps.risk.rules.calibrating import PROMISED, Calibration
from apps.risk.rules.forecast_inputs import INFLOW_FACTOR
from apps.risk.rules.recommending import percent

DAYS = 180
PATHS = 2_000
_HEADINGS = ("horizon", "forecasts", "in the band", "below", "above", "mean error", "bias", "width")


class Command(BaseCommand):
    """Makes forecasts as of past days, with only what was known then, and compares them."""

    help = (
        "Make forecasts as of each past day with only what was known then, compare them with what"
        " came, and print for each horizon: the share of outcomes inside the 5-95 % band (90 % is"
        " what it promises), how many lay below and above it, the mean error, the bias (forecast"
        " less outcome) and the mean width of the band. Writes nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--days", type=int, default=DAYS, help=f"so many past days ({DAYS})")
        parser.add_argument(
            "--paths", type=int, default=PATHS, help=f"paths of each forecast ({PATHS})"
        )
        parser.add_argument(
            "--synthetic", type=int, metavar="SEED", help="over invented funds instead of this one"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        days, paths, seed = options["days"], options["paths"], options["synthetic"]
        if not 1 <= days <= 3_650 or not 100 <= paths <= 100_000:
            raise CommandError("--days is 1 to 3,650 and --paths 100 to 100,000.")
        if seed is not None and not 0 <= seed < 2**31:
            raise CommandError("The seed is a whole number from 0 on.")
        for factor, title in (
            (INFLOW_FACTOR, f"As forecast: {percent(INFLOW_FACTOR)} of the inflow is counted on"),
            (Decimal(1), "The method alone: all of the inflow is counted on"),
        ):
            try:
                rows = self._rows(days, paths, seed, factor)
            except ImproperlyConfigured as error:
                raise CommandError(str(error)) from error
            if not rows:
                self.stdout.write(
                    "Nothing to compare: no horizon has ended that began after 30 days of history."
                )
                return
            self.stdout.write(f"{title}\n{table(rows)}\n")
        self.stdout.write(
            f"The band promises {percent(PROMISED)}. Below is the dangerous side: less was left"
            " than 95 % of the paths had; 5 % is what the band allows there. Counting on half of"
            " the inflow makes outcomes above the band, and a negative bias, likely: that is its"
            " caution.\nAmounts in USDT. Spans of neighbouring days overlap, so that the longer"
            " horizons rest on fewer independent cases than it seems."
        )

    @staticmethod
    def _rows(days: int, paths: int, seed: int | None, factor: Decimal) -> list[Calibration]:
        if seed is None:
            return backtesting.over_stored_history(days=days, paths=paths, inflow_factor=factor)
        return backtesting.over_invented_history(seed=seed, paths=paths, inflow_factor=factor)


def table(rows: Iterable[Calibration]) -> str:
    """The calibrations in columns."""
    cells = [_HEADINGS, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(_HEADINGS))]
    return "\n".join(
        "  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True))
        for line in cells
    )


def _cells(row: Calibration) -> tuple[str, ...]:
    return (
        row.horizon.value,
        f"{row.count:,}",
        percent(row.inside_share),
        f"{row.below:,}",
        f"{row.above:,}",
        amount_text(row.mean_error_assets, places=0),
        amount_text(row.bias_assets, places=0),
        amount_text(row.width_assets, places=0),
    )
