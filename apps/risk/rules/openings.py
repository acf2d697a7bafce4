"""When an asset turns into cash by itself, or can be given back: at its end, or in its window."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from .forecast_calendar import Calendar
from .forecast_inputs import Opening


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """An L3 asset's value (base units of USDT), its end, its window, and the days between asking to
    sell and being paid. None where it has no end or no window."""

    symbol: str
    assets: int
    matures_at: datetime | None = None
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    notice_days: int = 0


def openings(terms: Iterable[Term], calendar: Calendar) -> tuple[Opening, ...]:
    """What turns into cash within the horizon, each asset once, on the earlier of its two days.

    L1 and L2 count from the beginning, so only L3 is asked about: what matures in L2 is there
    already. An L3 asset without an end and without a window could only be sold by a plan, at a
    price; it is not counted on.
    """
    found = []
    for term in terms:
        days = [
            (instant, why)
            for instant, why in (_maturity(term), _window(term, calendar))
            if instant is not None and calendar.index_of(instant) is not None
        ]
        if days and term.assets > 0:
            instant, why = min(days)
            place = calendar.index_of(instant) or 0
            found.append(
                Opening(day=calendar.dates[place], assets=term.assets, symbol=term.symbol, why=why)
            )
    return tuple(sorted(found, key=lambda one: (one.day, one.symbol)))


def coming_windows(known: Mapping[int, datetime], *, calendar: Calendar) -> tuple[datetime, ...]:
    """The redemption windows within the horizon, by those that requests have named so far.

    Windows are numbered and come at even distances, so two of them tell the next ones; of a window
    that nobody has named and that cannot be reckoned, nothing is known.
    """
    found = {instant for instant in known.values() if instant > calendar.origin}
    if len(known) > 1:
        first, last = min(known), max(known)
        period = (known[last] - known[first]) / (last - first)
        if period >= timedelta(days=1):
            behind = max(-((known[last] - calendar.origin) // period), 0)
            found |= {known[last] + n * period for n in (behind, behind + 1, behind + 2) if n > 0}
    within = (at for at in found if calendar.origin < at <= calendar.ends_at)
    return tuple(sorted(within))


def _maturity(term: Term) -> tuple[datetime | None, str]:
    return term.matures_at, "matures"


def _window(term: Term, calendar: Calendar) -> tuple[datetime | None, str]:
    if term.opens_at is None:
        return None, ""
    asked_at = max(term.opens_at, calendar.origin)
    if term.closes_at is not None and asked_at >= term.closes_at:
        return None, ""
    notice = f", {term.notice_days} days' notice" if term.notice_days else ""
    return asked_at + timedelta(days=term.notice_days), f"window opens{notice}"
