"""How far the fund is from its targets, what asks for a plan, and what is under way: rows only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from apps.core.units import BPS_ONE, bps_of, format_amount, format_bps
from apps.fund import queries as fund
from apps.rebalance.models import EXECUTED, OPEN, Plan
from apps.rebalance.rules.figures import Parameters
from apps.rebalance.rules.weights import is_above, is_below, percent_down, percent_up

from .cadence import CADENCES, Cadence, next_scheduled
from .policy import policy
from .situation import due_assets

STALE_AFTER = timedelta(minutes=10)
CASH = "USDT"
NO_SNAPSHOT = "The fund has not been read yet"
NO_PRICE = "Its price is not known"
NO_BAND = "The contracts set no band for this tier"


@dataclass(frozen=True, slots=True, kw_only=True)
class TierStatus:
    """A tier against its band. Bps are of gross assets, floor; ``deviation_bps`` is ratio − target,
    None where either is unknown."""

    tier: str
    value_assets: int
    ratio_bps: int | None
    target_bps: int | None
    min_bps: int | None
    max_bps: int | None
    within_band: bool | None

    @property
    def deviation_bps(self) -> int | None:
        """How far it is above (positive) or below its target."""
        if self.ratio_bps is None or self.target_bps is None:
            return None
        return self.ratio_bps - self.target_bps


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetStatus:
    """An asset, or the cash of L1 (``token`` empty), against its weight.

    ``target_bps`` is its tier's target times its share of the tier; ``drift_bps`` is weight −
    target. Figures are None where unknown, and ``unknown`` says why.
    """

    token: str
    symbol: str
    name: str
    tier: str
    value_assets: int | None
    weight_bps: int | None
    target_bps: int | None
    as_of: datetime | None
    unknown: str = ""

    @property
    def drift_bps(self) -> int | None:
        """How far its weight is above (positive) or below its target."""
        if self.weight_bps is None or self.target_bps is None:
            return None
        return self.weight_bps - self.target_bps


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckTimes:
    """A check by the clock: when it was due last, and when it is next."""

    cadence: Cadence
    last_at: datetime
    next_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """The fund against its targets. ``reasons`` say why a plan is wanted, in words; empty when none
    is, or when the fund has not been read. ``last_plan`` is the newest that was executed."""

    as_of: datetime | None
    block_number: int | None
    stale: bool
    gross_assets: int | None
    liability_assets: int | None
    tiers: Sequence[TierStatus]
    assets: Sequence[AssetStatus]
    reasons: Sequence[str]
    parameters: Parameters
    policy_version: int
    open_plan: Plan | None
    last_plan: Plan | None
    checks: Sequence[CheckTimes]
    next_scheduled: datetime

    @property
    def deviation_bps_max(self) -> int | None:
        """The largest distance of a tier from its target, without its direction."""
        known = [abs(one.deviation_bps) for one in self.tiers if one.deviation_bps is not None]
        return max(known, default=None)


def status(*, chain_id: int, at: datetime) -> Status:
    """The fund as last read, against targets and policy; no node is asked."""
    version, parameters = policy()
    overview = fund.latest_overview()
    tiers = [_tier(view) for view in overview.tiers] if overview else []
    assets = _assets(overview) if overview else []
    plans = Plan.objects.filter(chain_id=chain_id)
    return Status(
        as_of=overview.block_at if overview else None,
        block_number=overview.block_number if overview else None,
        stale=overview is None or at - overview.taken_at > STALE_AFTER,
        gross_assets=overview.aum_assets if overview else None,
        liability_assets=overview.liability_assets if overview else None,
        tiers=tiers,
        assets=assets,
        reasons=_reasons(overview, assets, chain_id, parameters) if overview else [],
        parameters=parameters,
        policy_version=version,
        open_plan=plans.filter(status__in=OPEN).first(),
        last_plan=plans.filter(status__in=EXECUTED).order_by("-finished_at").first(),
        checks=[
            CheckTimes(cadence=one, last_at=one.last(at), next_at=one.next(at)) for one in CADENCES
        ],
        next_scheduled=next_scheduled(at),
    )


def _tier(view: fund.TierView) -> TierStatus:
    return TierStatus(
        tier=view.tier,
        value_assets=view.value_assets,
        ratio_bps=view.ratio_bps,
        target_bps=view.target_bps,
        min_bps=view.min_bps,
        max_bps=view.max_bps,
        within_band=view.is_within_band,
    )


def _assets(overview: fund.Overview) -> list[AssetStatus]:
    """Cash first, then the register by tier; each tier's target is shared out by the register."""
    targets = {view.tier: view.target_bps for view in overview.tiers}
    listed = fund.assets()
    rows = [_cash(overview, listed, targets["L1"])]
    for view in listed:
        tier_target = targets[view.tier]
        share = None if tier_target is None else tier_target * view.target_bps // BPS_ONE
        rows.append(
            AssetStatus(
                token=view.token,
                symbol=view.symbol,
                name=view.name,
                tier=view.tier,
                value_assets=view.value_assets,
                weight_bps=view.weight_bps,
                target_bps=share,
                as_of=view.as_of,
                unknown="" if view.value_assets is not None else NO_PRICE,
            )
        )
    return rows


def _cash(
    overview: fund.Overview, listed: Sequence[fund.AssetView], l1_target: int | None
) -> AssetStatus:
    """USDT itself: of L1's target, what the register leaves to no asset."""
    cash = overview.l1_cash_assets
    shared_out = sum(view.target_bps for view in listed if view.tier == "L1")
    rest = max(BPS_ONE - shared_out, 0)
    return AssetStatus(
        token="",
        symbol=CASH,
        name="Cash",
        tier="L1",
        value_assets=cash,
        weight_bps=None if cash is None else bps_of(cash, overview.aum_assets),
        target_bps=None if l1_target is None else l1_target * rest // BPS_ONE,
        as_of=overview.slot,
        unknown="" if cash is not None else "The vault did not say how much of L1 is cash",
    )


def _reasons(
    overview: fund.Overview,
    assets: Sequence[AssetStatus],
    chain_id: int,
    parameters: Parameters,
) -> list[str]:
    return [
        *_tier_reasons(overview, parameters),
        *_due_reasons(overview, chain_id, parameters),
        *_asset_reasons(assets, overview.aum_assets, parameters),
    ]


def _tier_reasons(overview: fund.Overview, parameters: Parameters) -> list[str]:
    """In the exact figures that triggers compare: a ratio that is rounded may hide a fraction."""
    gross, margin_bps = overview.aum_assets, parameters.tier_deviation_bps
    reasons = []
    for tier in overview.tiers:
        if tier.target_bps is None:
            continue
        value, target = tier.value_assets, format_bps(tier.target_bps)
        if is_above(value, gross, tier.target_bps + margin_bps):
            said = f"{percent_up(value, gross)} of assets, above its target {target}"
        elif is_below(value, gross, tier.target_bps - margin_bps):
            said = f"{percent_down(value, gross)} of assets, below its target {target}"
        else:
            continue
        reasons.append(f"{tier.tier} is {said} by more than {format_bps(margin_bps)}.")
    first = overview.l1_assets
    if is_below(first, gross, parameters.l1_low_bps):
        low = format_bps(parameters.l1_low_bps)
        reasons.append(f"L1 is {percent_down(first, gross)} of assets, below {low}.")
    if is_above(first, gross, parameters.l1_high_bps):
        high = format_bps(parameters.l1_high_bps)
        reasons.append(f"L1 is {percent_up(first, gross)} of assets, above {high}.")
    return reasons


def _due_reasons(overview: fund.Overview, chain_id: int, parameters: Parameters) -> list[str]:
    until = overview.block_at + timedelta(hours=parameters.horizon_hours)
    due = due_assets(chain_id=chain_id, until=until)
    if not is_above(due, overview.liquid_assets, parameters.due_share_max_bps):
        return []
    share = format_bps(parameters.due_share_max_bps)
    within = f"within {parameters.horizon_hours} hours"
    return [f"{format_amount(due)} USDT fall due {within}, more than {share} of L1 and L2."]


def _asset_reasons(assets: Sequence[AssetStatus], gross: int, parameters: Parameters) -> list[str]:
    held = sorted(
        ((one.value_assets or 0, one.symbol) for one in assets if one.token), reverse=True
    )
    limit, top_limit = parameters.asset_weight_max_bps, parameters.top3_weight_max_bps
    reasons = [
        f"{symbol} is {percent_up(value, gross)} of assets, more than {format_bps(limit)}."
        for value, symbol in held
        if is_above(value, gross, limit)
    ]
    top = sum(value for value, _ in held[:3])
    if is_above(top, gross, top_limit):
        reasons.append(
            f"The three largest assets are {percent_up(top, gross)} of assets, more than"
            f" {format_bps(top_limit)}."
        )
    return reasons
