"""What a forecast is made from, as it stands now or stood at a past instant."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from apps.core.locks import one_snapshot
from apps.fund import queries as fund
from apps.risk.rules.figures import Horizon
from apps.risk.rules.forecast_calendar import Calendar
from apps.risk.rules.forecast_inputs import Inputs
from apps.risk.rules.openings import Term, coming_windows, openings

from . import flows


def inputs_now(*, at: datetime) -> Mapping[Horizon, Inputs]:
    """The inputs of every horizon, which begins at the block that the fund was last read at; rows
    alone, of one moment.

    Raises:
        FiguresTooOld: the fund was not read within the last ten minutes.
    """
    with one_snapshot():
        overview = fund.fresh_overview(at=at)
        return inputs_at(
            chain_id=overview.chain_id,
            origin=overview.block_at,
            l1_assets=overview.l1_assets,
            l2_assets=overview.l2_assets,
            terms=_terms(),
        )


def inputs_at(
    *,
    chain_id: int,
    origin: datetime,
    l1_assets: int,
    l2_assets: int,
    terms: Iterable[Term] = (),
    horizons: Iterable[Horizon] = Horizon,
) -> dict[Horizon, Inputs]:
    """The inputs as of an instant of chain time, with the liquidity and the assets given."""
    history = flows.daily_flows(chain_id=chain_id, as_of=origin)
    approvals = flows.approvals(chain_id=chain_id, as_of=origin)
    known = flows.windows(chain_id=chain_id, as_of=origin)
    terms = list(terms)
    found = {}
    for horizon in horizons:
        calendar = Calendar.over(origin, horizon.days)
        found[horizon] = Inputs(
            origin=calendar.origin,
            horizon=horizon,
            l1_assets=l1_assets,
            l2_assets=l2_assets,
            due=flows.due(chain_id=chain_id, calendar=calendar, windows=known),
            openings=openings(terms, calendar),
            windows=coming_windows(known, calendar=calendar),
            approval_rate=approvals.rate,
            decided=approvals.decided,
            history=history,
        )
    return found


def _terms() -> list[Term]:
    """The L3 assets that are held, whose value is known."""
    return [
        Term(
            symbol=asset.symbol or asset.token,
            assets=asset.value_assets,
            matures_at=asset.matures_at,
            opens_at=asset.subscription_starts_at,
            closes_at=asset.subscription_ends_at,
            notice_days=asset.notice_days or 0,
        )
        for asset in fund.assets(tier="L3")
        if asset.value_assets
    ]
