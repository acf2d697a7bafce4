"""The dataset of a liquidity report: what is owed when, and what there is to pay it with."""

from datetime import timedelta
from itertools import accumulate
from typing import Any

from .frame import block, frame
from .inputs import FundPoint
from .liquidity_inputs import LiquidityInputs, Verdict
from .risk import risk
from .values import digits, fields_of, number, time, words

HORIZONS = ("1d", "7d", "30d")
_VERDICT_AGE_MAX = timedelta(minutes=15)
_FUND_AGE_MAX = timedelta(minutes=10)
_FORECAST_AGE_MAX = timedelta(hours=2)


def build_liquidity(inputs: LiquidityInputs, *, run_id: int) -> dict[str, Any]:
    """The dataset: JSON, complete, never changed later."""
    fund = inputs.fund
    of_fund = block(fund.block_number, fund.block_time) if fund else None
    return {
        **frame(
            kind="LIQUIDITY",
            run_id=run_id,
            period=inputs.period,
            chain=(inputs.chain_id, inputs.chain_name),
            read_at=inputs.read_at,
            as_of={"closing": of_fund, "risk": _block_of(inputs.verdict)},
            missing=_missing(inputs),
        ),
        "verdict": _verdict(inputs.verdict),
        "risk": risk(inputs.levels, inputs.events, inputs.period),
        "available_assets": digits(_available(fund)),
        "aum_assets": digits(fund.aum_assets if fund else None),
        "liability_assets": digits(fund.liability_assets if fund else None),
        "emergency_mode": fund.emergency_mode if fund else None,
        "tiers": [_tier(tier) for tier in fund.tiers] if fund else [],
        "due_days": _due_days(inputs),
        "due_days_assets": str(sum(day.due_assets for day in inputs.due_days)),
        "requests": [fields_of(row) for row in inputs.requests],
        "requests_assets": str(sum(row.gross_assets for row in inputs.requests)),
        "requests_left_out": inputs.requests_left_out,
        "requests_left_out_assets": str(inputs.requests_left_out_assets),
        "forecasts": [fields_of(forecast) for forecast in inputs.forecasts],
    }


def _missing(inputs: LiquidityInputs) -> list[str]:
    at, verdict, fund = inputs.read_at, inputs.verdict, inputs.fund
    found = []
    if verdict is None:
        found.append("Risk was never measured.")
    else:
        if at - verdict.at > _VERDICT_AGE_MAX:
            found.append(f"Risk was measured last at {words(verdict.at)}.")
        found += [
            f"{reading.title} is unknown: {reading.unknown.rstrip('.')}."
            for reading in verdict.readings
            if reading.unknown
        ]
    if fund is None:
        found.append("There is no reading of the fund.")
    elif at - fund.slot > _FUND_AGE_MAX:
        found.append(f"The fund was read last at {words(fund.slot)}.")
    known = {forecast.horizon: forecast for forecast in inputs.forecasts}
    for horizon in HORIZONS:
        if horizon not in known:
            found.append(f"There is no forecast for {in_words(horizon)}.")
        elif at - known[horizon].made_at > _FORECAST_AGE_MAX:
            made_at = words(known[horizon].made_at)
            found.append(f"The forecast for {in_words(horizon)} is of {made_at}.")
    return found


def in_words(horizon: str) -> str:
    """A horizon such as ``7d`` for people."""
    days = int(horizon.removesuffix("d"))
    return "1 day" if days == 1 else f"{days} days"


def _verdict(verdict: Verdict | None) -> dict[str, Any] | None:
    if verdict is None:
        return None
    return {
        "at": time(verdict.at),
        "level": verdict.level,
        "score": number(verdict.score),
        "reasons": list(verdict.reasons),
        "readings": [fields_of(reading) for reading in verdict.readings],
    }


def _block_of(verdict: Verdict | None) -> dict[str, Any] | None:
    if verdict is None or verdict.block_number is None or verdict.block_at is None:
        return None
    return block(verdict.block_number, verdict.block_at)


def _available(fund: FundPoint | None) -> int | None:
    """L1 + L2."""
    if fund is None:
        return None
    return sum(tier.assets for tier in fund.tiers if tier.tier in {"L1", "L2"})


def _tier(tier: Any) -> dict[str, Any]:
    known = None not in {tier.ratio_bps, tier.min_bps, tier.max_bps}
    return {
        **fields_of(tier),
        "within_band": tier.min_bps <= tier.ratio_bps <= tier.max_bps if known else None,
    }


def _due_days(inputs: LiquidityInputs) -> list[dict[str, Any]]:
    """Each day with what is due up to its end, and what would be left of L1 + L2 then."""
    available = _available(inputs.fund)
    sums = accumulate(day.due_assets for day in inputs.due_days)
    return [
        {
            **fields_of(day),
            "due_so_far_assets": digits(total),
            "left_assets": digits(None if available is None else available - total),
            "covered": None if available is None else total <= available,
        }
        for day, total in zip(inputs.due_days, sums, strict=True)
    ]
