"""Which time it was on the chain at an instant of ours, by the run of that time."""

from datetime import datetime

from apps.risk.models import Assessment


def chain_time_at(at: datetime) -> datetime:
    """The chain's time as it was final at an instant of ours: that of the newest run's block, and
    what has passed since; before the first run what was to pass until then. The instant itself
    while no run has read a block."""
    read = Assessment.objects.filter(block_at__isnull=False)
    run = read.filter(at__lte=at).order_by("-at").first() or read.order_by("at").first()
    return at if run is None or run.block_at is None else run.block_at + (at - run.at)
