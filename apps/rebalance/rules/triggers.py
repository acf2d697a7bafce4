"""When a plan is asked for, and what for.

Every comparison is made by multiplying out, so that one base unit decides: a ratio exactly on its
mark triggers nothing. Shown ratios are rounded towards the side that triggered.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from apps.chain.terms import Tier
from apps.core.units import BPS_ONE, format_amount, format_bps
from apps.rebalance.rules.figures import Aim, AimKind, Parameters, Situation
from apps.rebalance.rules.weights import (
    heaviest,
    is_above,
    is_below,
    off_target_assets,
    percent_down,
    percent_up,
    target_assets,
    top_assets,
)

_NAMED_MAX = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a plan is asked for: ``kind`` is a ``TriggerKind``'s value, ``text`` says it in words."""

    kind: str
    text: str
    aim: Aim


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """When an asset opens for purchases and when it matures, where it does."""

    symbol: str
    opens_at: datetime | None
    matures_at: datetime | None


def tier_drift(situation: Situation, parameters: Parameters) -> Reason | None:
    """A tier is off its target by more than ``tier_deviation_bps`` of gross assets."""
    gross, margin_bps = situation.gross, parameters.tier_deviation_bps
    off = []
    for band in situation.bands:
        assets = situation.tier_assets(band.tier)
        if is_above(assets, gross, band.target_bps + margin_bps):
            ratio = percent_up(assets, gross)
        elif is_below(assets, gross, band.target_bps - margin_bps):
            ratio = percent_down(assets, gross)
        else:
            continue
        off.append(f"{band.tier.name} is {ratio}, target {format_bps(band.target_bps)}")
    if not off:
        return None
    text = f"{_some(off)}: more than {format_bps(margin_bps)} off"
    return Reason(kind="THRESHOLD", text=text, aim=Aim(kind=AimKind.TIERS))


def asset_weights(situation: Situation, parameters: Parameters) -> Reason | None:
    """An asset is off its target weight by more than ``tier_deviation_bps`` of gross assets."""
    off = [
        f"{holding.symbol} holds {format_amount(holding.value)} USDT,"
        f" its target is {format_amount(target_assets(situation, holding))}"
        for holding in situation.holdings
        if is_above(
            abs(off_target_assets(situation, holding)),
            situation.gross,
            parameters.tier_deviation_bps,
        )
    ]
    if not off:
        return None
    margin = format_bps(parameters.tier_deviation_bps)
    text = f"{_some(off)}: more than {margin} of the fund off"
    return Reason(kind="SCHEDULED", text=text, aim=Aim(kind=AimKind.WEIGHTS))


def concentration(situation: Situation, parameters: Parameters) -> Reason | None:
    """One asset, or the three largest, are more of the fund than people accept."""
    gross = situation.gross
    single_max, top_max = parameters.asset_weight_max_bps, parameters.top3_weight_max_bps
    found = [
        f"{holding.symbol} is {percent_up(holding.value, gross)}, above {format_bps(single_max)}"
        for holding in heaviest(situation.holdings)
        if is_above(holding.value, gross, single_max)
    ]
    top = top_assets(situation.holdings)
    if is_above(top, gross, top_max):
        found.append(
            f"the three largest assets are {percent_up(top, gross)}, above {format_bps(top_max)}"
        )
    if not found:
        return None
    return Reason(kind="THRESHOLD", text=_some(found), aim=Aim(kind=AimKind.WEIGHTS))


def liquidity(situation: Situation, parameters: Parameters) -> Reason | None:
    """L1 is below its low mark or above its high mark, or what falls due is more than the liquid
    tiers should bear; then the difference is to be raised."""
    gross, low = situation.gross, situation.tier_assets(Tier.L1)
    found = []
    if is_below(low, gross, parameters.l1_low_bps):
        mark = format_bps(parameters.l1_low_bps)
        found.append(f"L1 is {percent_down(low, gross)}, below {mark}")
    raise_assets = due_beyond(situation, parameters)
    if raise_assets:
        liquid = low + situation.tier_assets(Tier.L2)
        found.append(
            f"{format_amount(situation.due_assets)} USDT fall due, more than"
            f" {format_bps(parameters.due_share_max_bps)} of the {format_amount(liquid)} in L1 and"
            " L2"
        )
    if found:
        aim = Aim(kind=AimKind.LIQUIDITY, raise_assets=raise_assets)
        return Reason(kind="LIQUIDITY", text="; ".join(found), aim=aim)
    if is_above(low, gross, parameters.l1_high_bps):
        mark = format_bps(parameters.l1_high_bps)
        text = f"L1 is {percent_up(low, gross)}, above {mark}"
        return Reason(kind="LIQUIDITY", text=text, aim=Aim(kind=AimKind.DEPLOY))
    return None


def due_beyond(situation: Situation, parameters: Parameters) -> int:
    """How much of what falls due is beyond the part of L1 and L2 that may be used for it."""
    liquid = situation.tier_assets(Tier.L1) + situation.tier_assets(Tier.L2)
    return max(0, situation.due_assets - liquid * parameters.due_share_max_bps // BPS_ONE)


def subscription(assets: int, parameters: Parameters) -> Reason | None:
    """A subscription is larger than ``subscription_assets``."""
    if assets <= parameters.subscription_assets:
        return None
    text = (
        f"a subscription of {format_amount(assets)} USDT, more than"
        f" {format_amount(parameters.subscription_assets)}"
    )
    return Reason(kind="EVENT", text=text, aim=Aim(kind=AimKind.DEPLOY))


def nav_move(old: int, new: int, parameters: Parameters) -> Reason | None:
    """The NAV per share moved by more than ``move_bps``; nothing to say without an old one."""
    if not is_above(abs(new - old), old, parameters.move_bps):
        return None
    direction = "rose" if new > old else "fell"
    text = (
        f"NAV per share {direction} by {percent_up(abs(new - old), old)}, more than"
        f" {format_bps(parameters.move_bps)}"
    )
    return Reason(kind="EVENT", text=text, aim=Aim(kind=AimKind.TIERS))


def price_moves(moves: Mapping[str, Decimal], parameters: Parameters) -> Reason | None:
    """A price moved by more than ``move_bps``; ``moves`` are relative changes by asset."""
    far = {
        name: move
        for name, move in sorted(moves.items())
        if move.is_finite() and abs(move) * BPS_ONE > parameters.move_bps
    }
    if not far:
        return None
    changes = _some([f"{name} by {move * 100:+.2f} %" for name, move in far.items()])
    text = f"prices moved by more than {format_bps(parameters.move_bps)}: {changes}"
    return Reason(kind="EVENT", text=text, aim=Aim(kind=AimKind.TIERS))


def window_changes(windows: Iterable[Window], *, since: datetime, until: datetime) -> Reason | None:
    """An asset opened for purchases, or matured, after ``since`` and not after ``until``."""
    listed = sorted(windows, key=lambda window: window.symbol)
    opened = [w.symbol for w in listed if w.opens_at and since < w.opens_at <= until]
    matured = [w.symbol for w in listed if w.matures_at and since < w.matures_at <= until]
    found = [*_changed(opened, "opened for purchases"), *_changed(matured, "matured")]
    if not found:
        return None
    return Reason(kind="EVENT", text="; ".join(found), aim=Aim(kind=AimKind.DEPLOY))


def _changed(symbols: Collection[str], what: str) -> list[str]:
    return [f"{', '.join(symbols)} {what}"] if symbols else []


def _some(found: Sequence[str]) -> str:
    """The first few of what was found, and how many more there are."""
    more = [f"{len(found) - _NAMED_MAX} more"] if len(found) > _NAMED_MAX else []
    return "; ".join([*found[:_NAMED_MAX], *more])
