"""Everything that a forecast is computed from, and stored with it so that it can be made again.

Amounts are base units of USDT; days are UTC days.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from .figures import Horizon
from .flows_history import DayFlow

INFLOW_FACTOR = Decimal("0.5")
"""Of what usually comes in, so much is counted on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What open redemptions will be paid on a day of the horizon, overdue ones on the first; those
    that still ``wait`` for approval on the earliest day possible, and only if they are approved."""

    day: date
    assets: int
    waits: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """An L3 asset that turns into cash on a day of the horizon, and why."""

    day: date
    assets: int
    symbol: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The fund as it stood at ``origin``, and what was known then.

    ``windows`` are the instants of the redemption windows known to come; ``approval_rate`` is the
    share of requests that were approved of all that were decided, 1 when none was
    (``decided`` says how many).
    """

    origin: datetime
    horizon: Horizon
    l1_assets: int
    l2_assets: int
    due: tuple[Due, ...] = ()
    openings: tuple[Opening, ...] = ()
    windows: tuple[datetime, ...] = ()
    approval_rate: Decimal = Decimal(1)
    decided: int = 0
    history: tuple[DayFlow, ...] = ()
    inflow_factor: Decimal = INFLOW_FACTOR

    @property
    def liquid_assets(self) -> int:
        """L1 + L2."""
        return self.l1_assets + self.l2_assets

    @property
    def opening_assets(self) -> int:
        """What turns into cash within the horizon."""
        return sum(opening.assets for opening in self.openings)


def as_json(inputs: Inputs) -> dict[str, Any]:
    """As a forecast stores them; amounts are text."""
    return {
        "origin": inputs.origin.isoformat(),
        "horizon": inputs.horizon.value,
        "l1": str(inputs.l1_assets),
        "l2": str(inputs.l2_assets),
        "due": [
            {"day": due.day.isoformat(), "assets": str(due.assets), "waits": due.waits}
            for due in inputs.due
        ],
        "openings": [
            {"day": one.day.isoformat(), "assets": str(one.assets), "symbol": one.symbol}
            | {"why": one.why}
            for one in inputs.openings
        ],
        "windows": [window.isoformat() for window in inputs.windows],
        "approvalRate": str(inputs.approval_rate),
        "decided": inputs.decided,
        "inflowFactor": str(inputs.inflow_factor),
        "historyFrom": inputs.history[0].day.isoformat() if inputs.history else None,
        # Consecutive days: emergency, standard, scheduled requests, subscriptions.
        "history": [
            [str(flow.emergency), str(flow.standard), str(flow.scheduled), str(flow.subscribed)]
            for flow in inputs.history
        ],
    }


def from_json(stored: Mapping[str, Any]) -> Inputs:
    """What :func:`as_json` made."""
    first = date.fromisoformat(stored["historyFrom"]) if stored["history"] else date.min
    return Inputs(
        origin=datetime.fromisoformat(stored["origin"]),
        horizon=Horizon(stored["horizon"]),
        l1_assets=int(stored["l1"]),
        l2_assets=int(stored["l2"]),
        due=tuple(
            Due(day=date.fromisoformat(due["day"]), assets=int(due["assets"]), waits=due["waits"])
            for due in stored["due"]
        ),
        openings=tuple(
            Opening(
                day=date.fromisoformat(one["day"]),
                assets=int(one["assets"]),
                symbol=one["symbol"],
                why=one["why"],
            )
            for one in stored["openings"]
        ),
        windows=tuple(datetime.fromisoformat(window) for window in stored["windows"]),
        approval_rate=Decimal(stored["approvalRate"]),
        decided=stored["decided"],
        inflow_factor=Decimal(stored["inflowFactor"]),
        history=tuple(
            DayFlow(
                day=date.fromordinal(first.toordinal() + number),
                emergency=int(emergency),
                standard=int(standard),
                scheduled=int(scheduled),
                subscribed=int(subscribed),
            )
            for number, (emergency, standard, scheduled, subscribed) in enumerate(stored["history"])
        ),
    )
