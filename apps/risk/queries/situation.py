"""How the fund stands, as risk is measured by: its contracts at the newest final block, and rows.

What cannot be had is None, and ``missing`` says why: a dead node, prices that nobody gives, no
forecast. Nothing here takes a guess for a figure.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from apps.chain import queries as chain
from apps.chain.queries import BlockRef, FundState
from apps.core.locks import one_snapshot
from apps.core.text import visible_line
from apps.fund import queries as fund
from apps.oracle import queries as oracle
from apps.rebalance import queries as rebalance
from apps.redemptions import queries as redemptions
from apps.risk.rules.figures import AssetExposure, Horizon, Situation
from apps.risk.rules.levels import critical_alert_counts

from . import forecasts

DAY, WEEK = timedelta(days=1), timedelta(days=7)
FORECAST_FRESH = timedelta(hours=2)
ALERT_COUNTS = timedelta(minutes=60)
"""A critical alert of the contracts counts for so long after it was applied, and only if it was no
older than that by the chain's time: history that is caught up with alarms nobody."""

_SYMBOL_MAX, _REASON_MAX = 64, 250

_FAILED = frozenset({"REVERTED", "MISMATCH"})
_REACHED_THE_CHAIN = _FAILED | {"FINAL"}


@dataclass
class _Found:
    """Figures as they come in, and why others do not."""

    values: dict[str, Any] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)

    def lacks(self, reason: str, *names: str) -> None:
        """What others wrote (a node, a source of prices) becomes one line that can be shown."""
        line = visible_line(reason, characters_max=_REASON_MAX)
        self.missing |= dict.fromkeys(names, line)


def situation_now(*, at: datetime) -> Situation:
    """How the fund stands; asks a node, so never call it inside a transaction.

    The contracts are read first, at one block; then all rows as of one moment.
    """
    config = chain.fund_chain()
    state, trouble = _contracts()
    with one_snapshot():
        return situation_of(state, trouble=trouble, chain_id=config.chain_id, at=at)


def situation_of(
    state: FundState | None, *, trouble: str = "", chain_id: int, at: datetime
) -> Situation:
    """The same from what the contracts said and our rows; ``trouble`` is why they said nothing."""
    found = _Found()
    _amounts(found, state, trouble, chain_id)
    _assets(found, state, trouble, chain_id, at)
    _requests(found, state, trouble, chain_id)
    _navs(found, state, trouble)
    _forecast(found, at)
    _transactions(found, at)
    _lag(found, chain_id, at)
    _plan(found, chain_id, at)
    _alert(found, state.block if state else chain.final_block(chain_id), chain_id, at)
    return Situation(at=at, missing=MappingProxyType(found.missing), **found.values)


def _contracts() -> tuple[FundState | None, str]:
    try:
        return chain.read_fund_state(), ""
    except chain.ChainUnavailable as trouble:
        return None, f"The contracts cannot be read: {trouble.message}"


def _amounts(found: _Found, state: FundState | None, trouble: str, chain_id: int) -> None:
    if state is None:
        found.lacks(
            trouble,
            "gross_assets",
            "l1_assets",
            "l2_assets",
            "l3_assets",
            "liability_assets",
            "available_assets",
            "total_supply",
        )
        # What was switched on and not off again since is on, as far as anybody knows.
        if any(
            switch.is_on
            for switch in fund.switches_now()
            if switch.chain_id == chain_id and switch.name == "EMERGENCY_MODE"
        ):
            found.values["emergency_mode"] = True
        else:
            found.lacks(trouble, "emergency_mode")
        return
    vault = state.vault
    l1, l2, l3 = vault.layer1_liquidity, vault.layer2_liquidity, vault.layer3_value
    found.values |= {
        "block_number": state.block.number,
        "block_hash": state.block.hash,
        "block_at": state.block.time,
        "gross_assets": l1 + l2 + l3,
        "l1_assets": l1,
        "l2_assets": l2,
        "l3_assets": l3,
        "liability_assets": vault.total_redemption_liability,
        # A vault that does not tell can raise what its settlements sell: L1 and L2.
        "available_assets": (
            l1 + l2 if state.available_liquidity is None else state.available_liquidity
        ),
        "total_supply": vault.total_supply,
        "emergency_mode": vault.emergency_mode,
    }


def _assets(
    found: _Found, state: FundState | None, trouble: str, chain_id: int, at: datetime
) -> None:
    """What is held, and what may be bought: of the rest nothing depends on a price."""
    if state is None:
        found.lacks(trouble, "assets", "oldest_price_seconds")
        return
    if any(asset.balance is None for asset in state.assets):
        found.lacks("How much the fund holds of an asset is not known.", "assets")
        found.lacks("Which prices are in use is not known.", "oldest_price_seconds")
        return
    in_use = [asset for asset in state.assets if asset.balance or asset.active]
    prices = oracle.prices_now(chain_id=chain_id, at=at)
    terms = fund.terms_by_token(chain_id=chain_id)
    exposures = []
    for asset in in_use:
        price = prices.get(asset.token)
        profile = terms.get(asset.token)
        exposures.append(
            AssetExposure(
                token=asset.token,
                symbol=visible_line(asset.symbol, characters_max=_SYMBOL_MAX) or asset.token,
                tier=int(asset.tier),
                value=asset.value_assets or 0,
                issuer=profile.issuer if profile else "",
                traded_price=asset.price or None,
                median=price.price if price else None,
                price_unknown=_why_no_price(price),
                value_unknown=bool(asset.balance) and not asset.price,
            )
        )
    found.values["assets"] = tuple(exposures)
    _staleness(found, [asset.token for asset in in_use], chain_id, at)


def _why_no_price(price: oracle.PriceView | None) -> str:
    if price is None:
        return "its price was never looked at"
    return "" if price.price is not None else visible_line(price.reason, characters_max=_REASON_MAX)


def _staleness(found: _Found, tokens: list[str], chain_id: int, at: datetime) -> None:
    """A price that is lost is as old as the last one known."""
    ages = oracle.ages_of_last_known(chain_id=chain_id, tokens=tokens, at=at)
    never = [token for token, age in ages.items() if age is None]
    if never:
        names = oracle.names_of(chain_id)
        listed = ", ".join(names.get(token, token) for token in never[:3])
        found.lacks(f"No price was ever known of {listed}.", "oldest_price_seconds")
        return
    seconds = [int(age.total_seconds()) for age in ages.values() if age is not None]
    found.values["oldest_price_seconds"] = max(seconds, default=0)


def _requests(found: _Found, state: FundState | None, trouble: str, chain_id: int) -> None:
    """Requests by block time, up to the block that the contracts were read at. Without one nobody
    can say until when our rows are all there is."""
    waiting = redemptions.active().filter(chain_id=chain_id, status="PENDING_APPROVAL")
    found.values["pending_approval_assets"] = redemptions.totals(waiting).gross_assets
    if state is None:
        found.lacks(trouble, "requested_24h_assets", "requests_7d", "requests_7d_before")
        return
    now = state.block.time
    every = redemptions.every().filter(chain_id=chain_id, requested_at__lte=now)
    day = every.filter(requested_at__gt=now - DAY)
    found.values |= {
        "requested_24h_assets": redemptions.totals(day).gross_assets,
        "requests_7d": every.filter(requested_at__gt=now - WEEK).count(),
        "requests_7d_before": every.filter(
            requested_at__gt=now - 2 * WEEK, requested_at__lte=now - WEEK
        ).count(),
    }


def _navs(found: _Found, state: FundState | None, trouble: str) -> None:
    if state is None:
        found.lacks(trouble, "navs_24h")
        return
    navs = fund.navs_between(state.block.time - DAY, state.block.time)
    found.values["navs_24h"] = (*navs, state.vault.share_price)


def _forecast(found: _Found, at: datetime) -> None:
    names = ("predicted_outflow_7d", "available_7d")
    forecast = forecasts.latest(Horizon.SEVEN_DAYS)
    if forecast is None:
        found.lacks("There is no forecast of 7 days yet.", *names)
    elif at - forecast.made_at > FORECAST_FRESH:
        made = f"{forecast.made_at:%Y-%m-%d %H:%M} UTC"
        found.lacks(f"The newest forecast of 7 days is from {made}.", *names)
    else:
        found.values |= {
            "predicted_outflow_7d": -forecast.net_assets,
            "available_7d": forecast.available_assets,
        }


def _transactions(found: _Found, at: datetime) -> None:
    """Those that reached the chain. One that its dry run refused was never sent; what people
    cancelled did not fail.

    A clock that was put back must not hide what has just failed, so there is no end in the query.
    """
    ended = [
        view.status
        for view in chain.transactions_finished(start=at - DAY, end=at + 365 * DAY)
        if view.status in _REACHED_THE_CHAIN
    ]
    in_a_row = 0
    for status in reversed(ended):
        if status not in _FAILED:
            break
        in_a_row += 1
    found.values |= {
        "sent_24h": len(ended),
        "failed_24h": sum(status in _FAILED for status in ended),
        "failed_in_a_row": in_a_row,
    }


def _lag(found: _Found, chain_id: int, at: datetime) -> None:
    lag = chain.event_lag(chain_id, at=at)
    if lag.halted_reason:
        reason = f"Reading the chain is halted: {lag.halted_reason}"
        found.lacks(reason, "event_lag_seconds")
    elif lag.unread_seconds is None:
        found.lacks("No node was ever asked for events.", "event_lag_seconds")
    else:
        found.values["event_lag_seconds"] = lag.seconds


def _plan(found: _Found, chain_id: int, at: datetime) -> None:
    """At most one plan is open, so that it is the oldest."""
    plan = rebalance.open_plan(chain_id=chain_id)
    since = plan.approved_at if plan is not None and plan.status == "APPROVED" else None
    waited = at - since if since is not None else timedelta(0)
    found.values["approved_plan_seconds"] = max(int(waited.total_seconds()), 0)


def _alert(found: _Found, block: BlockRef | None, chain_id: int, at: datetime) -> None:
    """The newest critical alert of the contracts, while it counts."""
    if block is None:
        return
    recent = fund.alerts(start=block.time - ALERT_COUNTS)
    for alert in reversed(recent):
        if alert.level != "CRITICAL" or alert.chain_id != chain_id:
            continue
        applied_at = chain.applied_at(
            chain_id=chain_id, tx_hash=alert.tx_hash, event="CriticalLiquidityAlert"
        )
        if applied_at is not None and critical_alert_counts(
            counts_until=applied_at + ALERT_COUNTS,
            at=at,
            threshold_bps=alert.threshold_bps,
            available_assets=found.values.get("available_assets"),
            gross_assets=found.values.get("gross_assets"),
        ):
            found.values["critical_alert_at"] = applied_at
        return
