"""From how the fund stands to one value for each indicator.

Ratios are exact to fifty digits, so that a value one base unit beside a threshold is beside it.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal, localcontext

from apps.core.units import format_amount

from .figures import Indicator, Measured, Situation
from .issuers import largest_issuer
from .ratios import listed, nothing, of_gross, ratio, texts, unknown, without_assets

_DIGITS = 50
REQUESTS_BEFORE_MIN = 5
SENT_MIN = 5
FAILURES_IN_A_ROW = 3
"""So many transactions failed in a row are critical, whatever the rate is."""
NAVS_MIN = 2


def measure(
    situation: Situation, *, failures_in_a_row: int = FAILURES_IN_A_ROW
) -> tuple[Measured, ...]:
    """Every indicator, in the order of ``Indicator``."""
    measured = []
    with localcontext(prec=_DIGITS):
        for indicator in Indicator:
            if indicator is Indicator.TX_FAILURE_RATE:
                measured.append(_tx_failure_rate(situation, failures_in_a_row))
            else:
                measured.append(_MEASURES[indicator](situation))
    return tuple(measured)


# -- Liquidity -------------------------------------------------------------------------------------


def _l1_ratio(now: Situation) -> Measured:
    return of_gross(Indicator.L1_RATIO, now, {"l1_assets": now.l1_assets})


def _l1_l2_ratio(now: Situation) -> Measured:
    parts = {"l1_assets": now.l1_assets, "l2_assets": now.l2_assets}
    return of_gross(Indicator.L1_L2_RATIO, now, parts)


def _redemption_coverage(now: Situation) -> Measured:
    indicator = Indicator.REDEMPTION_COVERAGE
    if now.liability_assets is None or now.l1_assets is None or now.l2_assets is None:
        return unknown(indicator, now, "liability_assets", "l1_assets", "l2_assets")
    if now.liability_assets == 0:
        return Measured(indicator=indicator, value=None, infinite=True)
    liquid = now.l1_assets + now.l2_assets
    return Measured(indicator=indicator, value=ratio(liquid, now.liability_assets))


def _liquidity_gap_7d(now: Situation) -> Measured:
    parts = {
        "predicted_outflow_7d": now.predicted_outflow_7d,
        "available_7d": None if now.available_7d is None else -now.available_7d,
    }
    return of_gross(Indicator.LIQUIDITY_GAP_7D, now, parts)


# -- Prices ----------------------------------------------------------------------------------------


def _nav_volatility_24h(now: Situation) -> Measured:
    """A NAV needs a second one to have moved or not."""
    indicator = Indicator.NAV_VOLATILITY_24H
    if now.total_supply == 0:
        return nothing(indicator, "There are no shares yet.")
    if now.navs_24h is None:
        return unknown(indicator, now, "navs_24h")
    navs = [nav for nav in now.navs_24h if nav > 0]
    if len(navs) < NAVS_MIN:
        return Measured(
            indicator=indicator, value=None, unknown="Only one NAV of the last 24 hours is known."
        )
    lowest, highest = min(navs), max(navs)
    return Measured(
        indicator=indicator,
        # (max − min) ÷ (sum ÷ n)
        value=ratio((highest - lowest) * len(navs), sum(navs)),
        details=texts(
            {
                "Lowest NAV per share": format_amount(lowest, places=6),
                "Highest NAV per share": format_amount(highest, places=6),
                "Readings": len(navs),
            }
        ),
    )


def _asset_price_deviation(now: Situation) -> Measured:
    indicator = Indicator.ASSET_PRICE_DEVIATION
    if now.assets is None:
        return unknown(indicator, now, "assets")
    apart: dict[str, Decimal] = {}
    missing = []
    for asset in now.assets:
        if asset.traded_price is None or not asset.median:
            reason = asset.price_unknown or "what the contracts trade it at is unknown"
            missing.append(f"{asset.symbol}: {reason}")
        else:
            apart[asset.symbol] = ratio(abs(asset.traded_price - asset.median), asset.median)
    worst = max(apart, key=lambda symbol: apart[symbol], default="")
    value = apart.get(worst)
    if value is None and missing:
        return Measured(indicator=indicator, value=None, unknown=listed(missing))
    return Measured(
        indicator=indicator,
        value=value if value is not None else Decimal(0),
        incomplete=listed(missing),
        details=texts({"Asset": worst} if worst else {}),
    )


def _oracle_staleness(now: Situation) -> Measured:
    indicator = Indicator.ORACLE_STALENESS
    if now.oldest_price_seconds is None:
        return unknown(indicator, now, "oldest_price_seconds")
    return Measured(indicator=indicator, value=Decimal(now.oldest_price_seconds))


# -- Concentration ---------------------------------------------------------------------------------


def _single_asset_concentration(now: Situation) -> Measured:
    return _largest(Indicator.SINGLE_ASSET_CONCENTRATION, now, count=1)


def _top3_concentration(now: Situation) -> Measured:
    return _largest(Indicator.TOP3_CONCENTRATION, now, count=3)


def _largest(indicator: Indicator, now: Situation, *, count: int) -> Measured:
    if now.assets is None or now.gross_assets is None:
        return unknown(indicator, now, "assets", "gross_assets")
    if now.gross_assets == 0:
        return without_assets(indicator, now)
    heaviest = sorted(now.assets, key=lambda asset: (-asset.value, asset.token))[:count]
    return Measured(
        indicator=indicator,
        value=ratio(sum(asset.value for asset in heaviest), now.gross_assets),
        incomplete=_without_value(now),
        details=texts(
            {
                asset.symbol or asset.token: f"{format_amount(asset.value)} USDT"
                for asset in heaviest
            }
        ),
    )


def _counterparty_concentration(now: Situation) -> Measured:
    indicator = Indicator.COUNTERPARTY_CONCENTRATION
    if now.assets is None or now.gross_assets is None:
        return unknown(indicator, now, "assets", "gross_assets")
    if now.gross_assets == 0:
        return without_assets(indicator, now)
    largest = largest_issuer(now.assets)
    details: dict[str, object] = {
        "Issuer": largest.name or "No assets",
        "Assets": ", ".join(largest.symbols),
        "Worth": f"{format_amount(largest.assets)} USDT",
    }
    if largest.nameless:
        details["Without an issuer"] = (
            f"{', '.join(largest.nameless)}: each counts as a counterparty of its own"
        )
    return Measured(
        indicator=indicator,
        value=ratio(largest.assets, now.gross_assets),
        incomplete=_without_value(now),
        details=texts(details),
    )


def _without_value(now: Situation) -> str:
    return listed(
        [
            f"{asset.symbol}: the contracts give no price"
            for asset in now.assets or ()
            if asset.value_unknown
        ]
    )


# -- Redemptions -----------------------------------------------------------------------------------


def _daily_redemption_rate(now: Situation) -> Measured:
    parts = {"requested_24h_assets": now.requested_24h_assets}
    return of_gross(Indicator.DAILY_REDEMPTION_RATE, now, parts)


def _pending_approval_ratio(now: Situation) -> Measured:
    indicator = Indicator.PENDING_APPROVAL_RATIO
    pending = now.pending_approval_assets
    if pending is None or now.l1_assets is None or now.l2_assets is None:
        return unknown(indicator, now, "pending_approval_assets", "l1_assets", "l2_assets")
    liquid = now.l1_assets + now.l2_assets
    if pending == 0:
        return Measured(indicator=indicator, value=Decimal(0))
    if liquid == 0:
        return Measured(
            indicator=indicator,
            value=None,
            critical_by="Redemptions wait for approval, and L1 and L2 are empty.",
        )
    return Measured(indicator=indicator, value=ratio(pending, liquid))


def _redemption_velocity(now: Situation) -> Measured:
    indicator = Indicator.REDEMPTION_VELOCITY
    recent, before = now.requests_7d, now.requests_7d_before
    if recent is None or before is None:
        return unknown(indicator, now, "requests_7d", "requests_7d_before")
    details = {"Requests of 7 days": recent, "Requests of the 7 days before": before}
    if before < REQUESTS_BEFORE_MIN:
        note = f"Fewer than {REQUESTS_BEFORE_MIN} requests in the 7 days before to compare with."
        return nothing(indicator, note, details)
    return Measured(indicator=indicator, value=ratio(recent, before), details=texts(details))


# -- Operations ------------------------------------------------------------------------------------


def _tx_failure_rate(now: Situation, failures_in_a_row: int) -> Measured:
    indicator = Indicator.TX_FAILURE_RATE
    sent, failed, in_a_row = now.sent_24h, now.failed_24h, now.failed_in_a_row
    if sent is None or failed is None or in_a_row is None:
        return unknown(indicator, now, "sent_24h", "failed_24h", "failed_in_a_row")
    details = {"Sent": sent, "Failed": failed, "Failed in a row, the newest": in_a_row}
    rate = ratio(failed, sent) if sent >= SENT_MIN else None
    if in_a_row >= failures_in_a_row:
        return Measured(
            indicator=indicator,
            value=rate,
            critical_by=f"The last {in_a_row} transactions failed, one after the other.",
            details=texts(details),
        )
    if rate is None:
        note = f"Fewer than {SENT_MIN} transactions were sent within 24 hours."
        return nothing(indicator, note, details)
    return Measured(indicator=indicator, value=rate, details=texts(details))


def _event_lag(now: Situation) -> Measured:
    if now.event_lag_seconds is None:
        return unknown(Indicator.EVENT_LAG, now, "event_lag_seconds")
    return Measured(indicator=Indicator.EVENT_LAG, value=Decimal(now.event_lag_seconds))


def _rebalance_delay(now: Situation) -> Measured:
    if now.approved_plan_seconds is None:
        return unknown(Indicator.REBALANCE_DELAY, now, "approved_plan_seconds")
    return Measured(indicator=Indicator.REBALANCE_DELAY, value=Decimal(now.approved_plan_seconds))


_MEASURES: Mapping[Indicator, Callable[[Situation], Measured]] = {
    Indicator.L1_RATIO: _l1_ratio,
    Indicator.L1_L2_RATIO: _l1_l2_ratio,
    Indicator.REDEMPTION_COVERAGE: _redemption_coverage,
    Indicator.LIQUIDITY_GAP_7D: _liquidity_gap_7d,
    Indicator.NAV_VOLATILITY_24H: _nav_volatility_24h,
    Indicator.ASSET_PRICE_DEVIATION: _asset_price_deviation,
    Indicator.ORACLE_STALENESS: _oracle_staleness,
    Indicator.SINGLE_ASSET_CONCENTRATION: _single_asset_concentration,
    Indicator.TOP3_CONCENTRATION: _top3_concentration,
    Indicator.COUNTERPARTY_CONCENTRATION: _counterparty_concentration,
    Indicator.DAILY_REDEMPTION_RATE: _daily_redemption_rate,
    Indicator.PENDING_APPROVAL_RATIO: _pending_approval_ratio,
    Indicator.REDEMPTION_VELOCITY: _redemption_velocity,
    Indicator.EVENT_LAG: _event_lag,
    Indicator.REBALANCE_DELAY: _rebalance_delay,
}
