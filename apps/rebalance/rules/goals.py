"""What a plan is to reach, and whether there is anything to do at all."""

from collections.abc import Mapping
from dataclasses import dataclass

from apps.chain.terms import Tier
from apps.core.errors import Invalid
from apps.core.units import BPS_ONE, format_bps
from apps.rebalance.rules.figures import Aim, AimKind, NoPlan, Parameters, Situation
from apps.rebalance.rules.triggers import asset_weights, concentration, tier_drift
from apps.rebalance.rules.weights import is_above, is_below, percent_down, percent_up, share_floor


class BadTargets(Invalid):
    """The ratios asked for do not sum to the whole, or lie outside the bands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """Targets in USDT of the fund as it is: by tier, and by asset as a share of its tier's."""

    aim: Aim
    target_bps: Mapping[Tier, int]
    tiers: Mapping[Tier, int]
    assets: Mapping[str, int]


def goal_of(situation: Situation, parameters: Parameters, aim: Aim) -> Goal | NoPlan:
    """The goal of an aim, or why there is nothing to do.

    Raises:
        BadTargets: the ratios of an EXACT aim do not sum to the whole, or lie outside the bands.
    """
    if aim.kind is AimKind.EXACT:
        _check_targets(situation, aim)
    if unknown := _unknown(situation):
        return NoPlan(reason=unknown)
    if idle := _nothing_to_do(situation, parameters, aim):
        return NoPlan(reason=idle)
    return targets_of(situation, aim)


def targets_of(situation: Situation, aim: Aim) -> Goal:
    """The targets of an aim in USDT, whether or not something is to be done; bands are known."""
    exact = aim.target_bps if aim.kind is AimKind.EXACT else {}
    target_bps = {t: exact.get(t, situation.band(t).target_bps) for t in Tier}
    gross = situation.gross
    return Goal(
        aim=aim,
        target_bps=target_bps,
        tiers={tier: share_floor(gross, bps) for tier, bps in target_bps.items()},
        assets={
            h.token: gross * target_bps[h.tier] * h.target_bps // BPS_ONE**2
            for h in situation.holdings
        },
    )


def _check_targets(situation: Situation, aim: Aim) -> None:
    if set(aim.target_bps) != set(Tier):
        raise BadTargets("Say a target ratio for each of L1, L2 and L3.")
    total = sum(aim.target_bps.values())
    if total != BPS_ONE:
        raise BadTargets(f"The target ratios sum to {format_bps(total)}, not to 100.00 %.")
    for band in situation.bands:
        wanted = aim.target_bps[band.tier]
        if not band.min_bps <= wanted <= band.max_bps:
            limits = f"{format_bps(band.min_bps)} to {format_bps(band.max_bps)}"
            raise BadTargets(
                f"{band.tier.name} cannot be {format_bps(wanted)}: its band is {limits}."
            )


def _unknown(situation: Situation) -> str:
    if sorted(band.tier for band in situation.bands) != list(Tier):
        return "the limits of the tiers are not known"
    if situation.gross <= 0:
        return "the fund holds nothing"
    if situation.trade_assets_max is not None and situation.trade_assets_max <= 0:
        return "no signer may trade"
    for holding in situation.holdings:
        if holding.price <= 0 and holding.balance > 0:
            return f"the price of {holding.symbol}, which is held, is not known"
    return ""


def _nothing_to_do(situation: Situation, parameters: Parameters, aim: Aim) -> str:  # noqa: PLR0911
    gross, first = situation.gross, situation.tier_assets(Tier.L1)
    if aim.kind is AimKind.LIQUIDITY:
        if aim.raise_assets > 0 or is_below(first, gross, parameters.l1_low_bps):
            return ""
        mark = format_bps(parameters.l1_low_bps)
        return f"L1 is {percent_down(first, gross)}, not below {mark}: nothing to refill"
    if aim.kind is AimKind.DEPLOY:
        if is_above(first, gross, parameters.l1_high_bps):
            return ""
        mark = format_bps(parameters.l1_high_bps)
        return f"L1 is {percent_up(first, gross)}, not above {mark}: no surplus to deploy"
    if aim.kind is AimKind.TIERS:
        if tier_drift(situation, parameters) or _out_of_band(situation):
            return ""
        margin = format_bps(parameters.tier_deviation_bps)
        return f"every tier is in its band and within {margin} of its target"
    if aim.kind is AimKind.WEIGHTS:
        if concentration(situation, parameters) or asset_weights(situation, parameters):
            return ""
        margin = format_bps(parameters.tier_deviation_bps)
        return f"no asset is above its limit or more than {margin} off its target"
    if aim.kind is AimKind.REVERSE and not any(aim.undo.values()):
        return "there is nothing to undo"
    return ""


def _out_of_band(situation: Situation) -> bool:
    return any(
        is_below(situation.tier_assets(band.tier), situation.gross, band.min_bps)
        or is_above(situation.tier_assets(band.tier), situation.gross, band.max_bps)
        for band in situation.bands
    )
