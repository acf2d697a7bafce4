"""What if: the fund as it stands with holders leaving, an asset losing value, prices not coming.

Nothing is forecast here and nothing changes; a scenario is applied to a situation, and both are
judged in the same way.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from types import MappingProxyType

from apps.chain.terms import Tier
from apps.core.errors import Invalid

from .figures import AssetExposure, Indicator, Judged, Level, Parameters, Situation
from .judging import judge, score
from .levels import raw_level
from .measuring import measure

STALE_HOURS_MAX = 24 * 30
REQUESTS_MAX = 100_000
_UNKNOWN_AFTER = timedelta(hours=1)
"""A price whose sources have been silent for longer counts as unknown, not only as old."""
_WEEK_OF_MINUTES = 7 * 24 * 60


class BadScenario(Invalid):
    """A scenario that cannot be: shares beyond the whole, or nothing at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """What happens, all of it at once.

    ``redeem_share`` of the supply is asked for today, in so many ``requests``, to be paid within
    seven days; with ``needs_approval`` they wait for it. ``losses`` are shares of an asset's value
    by token, seen by the contracts and all sources alike. For ``stale_hours`` no source has given a
    price.
    """

    redeem_share: Decimal = Decimal(0)
    requests: int = 1
    needs_approval: bool = False
    losses: Mapping[str, Decimal] = field(default_factory=lambda: MappingProxyType({}))
    stale_hours: int = 0

    @property
    def is_empty(self) -> bool:
        """Whether nothing happens."""
        return not (self.redeem_share or self.stale_hours or any(self.losses.values()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A situation as it is judged; the level is that of the figures, before any hysteresis."""

    situation: Situation
    judged: tuple[Judged, ...]
    level: Level
    reasons: tuple[str, ...]
    score: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf:
    """Before and after. Amounts are base units of USDT, None where a figure is not known.

    ``missing_assets`` is what is owed beyond L1 + L2 afterwards, ceil; 0 when they cover it.
    """

    before: Standing
    after: Standing
    redeemed_assets: int | None
    lost_assets: int | None
    missing_assets: int | None

    @property
    def changes(self) -> list[tuple[Judged, Judged]]:
        """Every indicator before and after, in the order of the board."""
        return list(zip(self.before.judged, self.after.judged, strict=True))


def refuse_unless_possible(scenario: Scenario, tokens: Sequence[str]) -> None:
    """
    Raises:
        BadScenario: it is empty, names an asset that the fund does not hold, or a figure is beyond
            its range.
    """
    if scenario.is_empty:
        raise BadScenario("Say what happens: fill in at least one field.")
    if not 0 <= scenario.redeem_share <= 1:
        raise BadScenario("Redemptions are 0 to 100 % of the supply.", redeem="0 to 100 %.")
    if not 1 <= scenario.requests <= REQUESTS_MAX:
        raise BadScenario(f"There are 1 to {REQUESTS_MAX:,} requests.", requests="At least one.")
    if not 0 <= scenario.stale_hours <= STALE_HOURS_MAX:
        words = f"Prices are missing for 0 to {STALE_HOURS_MAX} hours."
        raise BadScenario(words, stale=f"0 to {STALE_HOURS_MAX} h.")
    for token, share in scenario.losses.items():
        if token not in tokens:
            raise BadScenario(f"The fund does not hold {token}.")
        if not 0 <= share <= 1:
            raise BadScenario("An asset loses 0 to 100 % of its value.")


def what_if(
    situation: Situation,
    parameters: Parameters,
    scenario: Scenario,
    *,
    unknown_minutes: Mapping[Indicator, int] = MappingProxyType({}),
) -> WhatIf:
    """The situation with and without the scenario, judged by the same parameters.

    Args:
        unknown_minutes: for how long each indicator that is unknown now has been.

    Raises:
        BadScenario: as :func:`refuse_unless_possible`.
    """
    refuse_unless_possible(scenario, [asset.token for asset in situation.assets or ()])
    after = applied(situation, scenario)
    silent = {} if not _prices_unknown(scenario) else _silent(scenario)
    before_minutes = dict(unknown_minutes)
    return WhatIf(
        before=_standing(situation, parameters, before_minutes),
        after=_standing(after, parameters, {**before_minutes, **silent}),
        redeemed_assets=redeemed_assets(_with_losses(situation, scenario), scenario),
        lost_assets=_lost(situation, scenario),
        missing_assets=_missing(after),
    )


def applied(situation: Situation, scenario: Scenario) -> Situation:
    """The situation after everything in the scenario has happened: assets lose value first, and
    holders leave at the value that is left."""
    lower = _with_losses(situation, scenario)
    asked = redeemed_assets(lower, scenario) if scenario.redeem_share else 0
    return _with_silence(_with_requests(lower, scenario, asked), scenario)


def redeemed_assets(situation: Situation, scenario: Scenario) -> int | None:
    """What the redeemed share of the supply is worth, ceil: that share of gross assets less what
    is owed already."""
    if situation.gross_assets is None or situation.liability_assets is None:
        return None
    net = max(situation.gross_assets - situation.liability_assets, 0)
    return _part(net, scenario.redeem_share)


def _with_losses(situation: Situation, scenario: Scenario) -> Situation:
    if situation.assets is None or not any(scenario.losses.values()):
        return situation
    lost = dict.fromkeys(Tier, 0)
    assets = []
    for asset in situation.assets:
        share = scenario.losses.get(asset.token, Decimal(0))
        gone = _part(asset.value, share)
        lost[Tier(asset.tier)] += gone
        assets.append(_worth_less(asset, gone, share))
    total, liquid = sum(lost.values()), lost[Tier.L1] + lost[Tier.L2]
    return replace(
        situation,
        assets=tuple(assets),
        gross_assets=_less(situation.gross_assets, total),
        l1_assets=_less(situation.l1_assets, lost[Tier.L1]),
        l2_assets=_less(situation.l2_assets, lost[Tier.L2]),
        l3_assets=_less(situation.l3_assets, lost[Tier.L3]),
        available_assets=_less(situation.available_assets, liquid),
        available_7d=_less(situation.available_7d, liquid),
        navs_24h=_with_lower_nav(situation, total),
    )


def _worth_less(asset: AssetExposure, gone: int, share: Decimal) -> AssetExposure:
    def lower(price: int | None) -> int | None:
        return None if price is None else price - _part(price, share)

    return replace(
        asset,
        value=asset.value - gone,
        traded_price=lower(asset.traded_price),
        median=lower(asset.median),
    )


def _with_lower_nav(situation: Situation, lost: int) -> tuple[int, ...] | None:
    """The NAVs of a day with the one that follows from the loss: all of it is the holders'."""
    navs, gross, owed = situation.navs_24h, situation.gross_assets, situation.liability_assets
    if not navs or gross is None or owed is None or gross <= owed:
        return navs
    net = gross - owed
    return (*navs, max(navs[-1] * (net - lost) // net, 0))


def _with_requests(situation: Situation, scenario: Scenario, asked: int | None) -> Situation:
    if not scenario.redeem_share:
        return situation
    pending = asked if scenario.needs_approval else 0
    return replace(
        situation,
        liability_assets=_more(situation.liability_assets, asked),
        requested_24h_assets=_more(situation.requested_24h_assets, asked),
        predicted_outflow_7d=_more(situation.predicted_outflow_7d, asked),
        pending_approval_assets=_more(situation.pending_approval_assets, pending),
        requests_7d=_more(situation.requests_7d, scenario.requests),
    )


def _with_silence(situation: Situation, scenario: Scenario) -> Situation:
    if not scenario.stale_hours:
        return situation
    seconds = int(timedelta(hours=scenario.stale_hours).total_seconds())
    assets = situation.assets
    if assets is not None and _prices_unknown(scenario):
        why = f"no source has given a price for {scenario.stale_hours} h"
        assets = tuple(replace(one, median=None, price_unknown=why) for one in assets)
    return replace(
        situation,
        assets=assets,
        oldest_price_seconds=max(situation.oldest_price_seconds or 0, seconds),
    )


def _standing(
    situation: Situation, parameters: Parameters, unknown_minutes: Mapping[Indicator, int]
) -> Standing:
    limits = parameters.levels
    measured = measure(situation, failures_in_a_row=limits.critical_failures_in_a_row)
    judged = judge(measured, parameters.thresholds)
    level, reasons = raw_level(judged, situation, limits, unknown_minutes)
    return Standing(
        situation=situation, judged=judged, level=level, reasons=reasons, score=score(judged)
    )


def _prices_unknown(scenario: Scenario) -> bool:
    return timedelta(hours=scenario.stale_hours) > _UNKNOWN_AFTER


def _silent(scenario: Scenario) -> dict[Indicator, int]:
    minutes = int((timedelta(hours=scenario.stale_hours) - _UNKNOWN_AFTER) / timedelta(minutes=1))
    return {Indicator.ASSET_PRICE_DEVIATION: min(minutes, _WEEK_OF_MINUTES)}


def _lost(situation: Situation, scenario: Scenario) -> int | None:
    if situation.assets is None:
        return None if scenario.losses else 0
    return sum(
        _part(asset.value, scenario.losses.get(asset.token, Decimal(0)))
        for asset in situation.assets
    )


def _missing(after: Situation) -> int | None:
    if after.liability_assets is None or after.l1_assets is None or after.l2_assets is None:
        return None
    return max(after.liability_assets - after.l1_assets - after.l2_assets, 0)


def _part(amount: int, share: Decimal) -> int:
    """A share of an amount, ceil."""
    numerator, denominator = share.as_integer_ratio()
    return -(-amount * numerator // denominator)


def _less(amount: int | None, gone: int) -> int | None:
    return None if amount is None else max(amount - gone, 0)


def _more(amount: int | None, added: int | None) -> int | None:
    return None if amount is None or added is None else amount + added
