"""What is asked right before a plan begins, and whether the fund still is as it was planned for.

A check that is not passed either blocks or is told to people; what is not known is not passed.
Limits are compared by multiplying out: a figure exactly on its limit passes.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from apps.chain.terms import Tier
from apps.core.units import BPS_ONE, format_amount, format_bps
from apps.rebalance.rules.figures import (
    Action,
    ActionKind,
    AimKind,
    Blackout,
    Blueprint,
    Parameters,
    Situation,
)
from apps.rebalance.rules.limits import keeps_at_least
from apps.rebalance.rules.scoring import benefit_of
from apps.rebalance.rules.weights import percent_down, share_ceil

_MINUTES_OF_DAY = 24 * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One question: ``ok`` is None when the answer is not known; ``blocks`` says that the plan must
    not begin unless it is True. ``name`` is one of slippage, gas, l1, coverage, blackout,
    nav_volatility, paused, signers, prices, simulation."""

    name: str
    ok: bool | None
    text: str
    blocks: bool


class SigningRoom(Protocol):
    """What a wallet may still move (``chain.queries.Room``)."""

    @property
    def name(self) -> str: ...
    @property
    def per_transaction_assets(self) -> int: ...
    @property
    def left_today_assets(self) -> int: ...
    @property
    def calls_left_today(self) -> int: ...


class Tried(Protocol):
    """What a leg would do after those before it (``chain.queries.SimulatedCall``)."""

    @property
    def ok(self) -> bool | None: ...
    @property
    def error(self) -> str: ...
    @property
    def met(self) -> bool | None: ...


def before_execution(
    *,
    blueprint: Blueprint,
    now: Situation,
    parameters: Parameters,
    nav_volatility_bps: int | None,
    paused: Mapping[str, bool | None],
    rooms: Mapping[ActionKind, Sequence[SigningRoom]] | None,
    price_refusal: str,
    tried: Sequence[Tried] | None,
    at: datetime,
) -> list[Check]:
    """Every check of a plan, passed or not.

    Args:
        now: the fund as it stands; the plan's changes are laid upon it.
        nav_volatility_bps: how far the NAV moved lately; None when unknown.
        paused: by contract, whether it is; None when unknown.
        rooms: by kind of action, the wallets that may send it, the first choice first; None when
            unknown.
        price_refusal: why prices must not be traded on, "" when they may.
        tried: what the simulation said of each leg, in order; None when there was none.
    """
    actions = blueprint.actions
    return [
        *_slippage(actions, parameters),
        _gas(blueprint, now, parameters),
        *_liquidity(blueprint, now, parameters),
        _blackout(parameters.blackouts, at),
        _volatility(nav_volatility_bps, parameters),
        _paused(paused),
        _signers(actions, rooms),
        Check(
            name="prices",
            ok=not price_refusal,
            text=price_refusal or "prices are fresh and agree",
            blocks=True,
        ),
        *_simulation(actions, tried),
    ]


def _slippage(actions: Sequence[Action], parameters: Parameters) -> Iterable[Check]:
    passed = True
    for action in actions:
        too_much = _loses_more(action, parameters.slippage_block_bps)
        if too_much or _loses_more(action, parameters.slippage_warn_bps):
            passed = False
            limit = parameters.slippage_block_bps if too_much else parameters.slippage_warn_bps
            text = f"{action.symbol} is expected to lose more than {format_bps(limit)}"
            yield Check(name="slippage", ok=False, text=text, blocks=too_much)
    if passed:
        mark = format_bps(parameters.slippage_warn_bps)
        text = f"no trade is expected to lose more than {mark}"
        yield Check(name="slippage", ok=True, text=text, blocks=True)


def _loses_more(action: Action, limit_bps: int) -> bool:
    worth = action.assets
    if action.kind is ActionKind.REDEEM:
        worth += action.slippage_assets
    lost = action.slippage_assets * BPS_ONE > limit_bps * worth
    return action.slippage_bps > limit_bps or lost


def _gas(blueprint: Blueprint, now: Situation, parameters: Parameters) -> Check:
    """Gas against the benefit, which is by how much the plan lowers the weighted drift. Only a
    deployment is stopped by it: others are made for safety, or because somebody wants them."""
    benefit = benefit_of(now, parameters, blueprint.aim, blueprint.actions)
    limit = format_bps(parameters.gas_benefit_max_bps)
    ok = blueprint.gas_assets * BPS_ONE <= parameters.gas_benefit_max_bps * max(0, benefit)
    gas = f"gas of {format_amount(blueprint.gas_assets)} USDT"
    worth = f"of the benefit of {format_amount(max(0, benefit))} USDT"
    text = f"{gas} is {'at most' if ok else 'more than'} {limit} {worth}"
    return Check(name="gas", ok=ok, text=text, blocks=blueprint.aim.kind is AimKind.DEPLOY)


def _liquidity(blueprint: Blueprint, now: Situation, parameters: Parameters) -> Iterable[Check]:
    """L1 and coverage as the plan leaves them: at least critical, or no worse than they are."""
    change = {figures.tier: figures.after - figures.before for figures in blueprint.tiers}
    gross = now.gross + sum(change.values())
    first = now.tier_assets(Tier.L1)
    liquid = first + now.tier_assets(Tier.L2)
    first_after = first + change[Tier.L1]
    liquid_after = liquid + change[Tier.L1] + change[Tier.L2]
    # Costs, and what rounding leaves as cash: less than a thousandth of a point.
    costs = blueprint.slippage_assets + now.gross // 100_000

    least = share_ceil(gross, parameters.l1_critical_bps)
    yield Check(
        name="l1",
        ok=first_after >= keeps_at_least(first, least, costs),
        text=f"L1 will be {percent_down(first_after, gross)},"
        f" critical is below {format_bps(parameters.l1_critical_bps)}",
        blocks=True,
    )
    owed = now.liability_assets
    least = share_ceil(owed, parameters.coverage_critical_bps)
    covered = f"coverage will be {percent_down(liquid_after, owed)}"
    yield Check(
        name="coverage",
        ok=liquid_after >= keeps_at_least(liquid, least, costs),
        text=f"{covered}, critical is below {format_bps(parameters.coverage_critical_bps)}"
        if owed
        else "no redemptions are owed",
        blocks=True,
    )


def _blackout(blackouts: Sequence[Blackout], at: datetime) -> Check:
    for blackout in blackouts:
        if in_blackout(blackout, at):
            text = f"nothing is executed now: {blackout.reason}"
            return Check(name="blackout", ok=False, text=text, blocks=True)
    return Check(name="blackout", ok=True, text="no blackout window", blocks=True)


def in_blackout(blackout: Blackout, at: datetime) -> bool:
    """Whether the window is on; one over midnight belongs to the weekday it begins on."""
    utc = at.astimezone(UTC)
    minute, today = utc.hour * 60 + utc.minute, utc.weekday()
    start, end = blackout.start_minute, blackout.end_minute
    if start <= end:
        return today in blackout.weekdays and start <= minute < end
    begun_today = today in blackout.weekdays and start <= minute < _MINUTES_OF_DAY
    begun_yesterday = (today - 1) % 7 in blackout.weekdays and minute < end
    return begun_today or begun_yesterday


def _volatility(nav_volatility_bps: int | None, parameters: Parameters) -> Check:
    limit = parameters.nav_volatility_max_bps
    if nav_volatility_bps is None:
        text = "how far the NAV has moved is not known"
        return Check(name="nav_volatility", ok=None, text=text, blocks=True)
    ok = nav_volatility_bps <= limit
    text = f"the NAV has moved by {format_bps(nav_volatility_bps)}, at most {format_bps(limit)}"
    return Check(name="nav_volatility", ok=ok, text=text, blocks=True)


def _paused(paused: Mapping[str, bool | None]) -> Check:
    stopped = sorted(name for name, is_paused in paused.items() if is_paused)
    unknown = sorted(name for name, is_paused in paused.items() if is_paused is None)
    if stopped:
        return Check(name="paused", ok=False, text=f"paused: {', '.join(stopped)}", blocks=True)
    if unknown:
        text = f"not known whether paused: {', '.join(unknown)}"
        return Check(name="paused", ok=None, text=text, blocks=True)
    return Check(name="paused", ok=True, text="the contracts are not paused", blocks=True)


def _signers(
    actions: Sequence[Action], rooms: Mapping[ActionKind, Sequence[SigningRoom]] | None
) -> Check:
    """Whether each leg finds a wallet, the first that has room for it, after those before it."""
    if rooms is None:
        text = "what the signers may still move is not known"
        return Check(name="signers", ok=None, text=text, blocks=True)
    moved: dict[str, list[int]] = {}
    for action in actions:
        for room in rooms.get(action.kind, ()):
            used = moved.setdefault(room.name, [])
            if (
                action.assets <= room.per_transaction_assets
                and sum(used) + action.assets <= room.left_today_assets
                and len(used) < room.calls_left_today
            ):
                used.append(action.assets)
                break
        else:
            amount = format_amount(action.assets)
            text = f"no signer may move {amount} USDT of {action.symbol} today"
            return Check(name="signers", ok=False, text=text, blocks=True)
    return Check(name="signers", ok=True, text="the signers have room for all", blocks=True)


def _simulation(actions: Sequence[Action], tried: Sequence[Tried] | None) -> Iterable[Check]:
    if tried is None or len(tried) != len(actions):
        text = "the plan was not simulated"
        yield Check(name="simulation", ok=None, text=text, blocks=True)
        return
    passed = True
    for action, leg in zip(actions, tried, strict=True):
        what = f"leg {action.position} ({action.symbol})"
        if leg.ok is False:
            passed = False
            yield Check(name="simulation", ok=False, text=f"{what}: {leg.error}", blocks=True)
        elif leg.met is False:
            passed = False
            text = f"{what} would be mined without doing what it should"
            yield Check(name="simulation", ok=False, text=text, blocks=True)
        elif leg.ok is None:
            passed = False
            text = f"{what} cannot be tried before those it depends on"
            yield Check(name="simulation", ok=None, text=text, blocks=False)
    if passed:
        yield Check(name="simulation", ok=True, text="every leg would succeed", blocks=True)


# -- Then and now ----------------------------------------------------------------------------------


def moved(then: Situation, now: Situation, parameters: Parameters) -> str:
    """Why a plan made then does not fit now, in words; empty when it still does.

    A change is too much beyond ``stale_bps`` of the total assets of then. Prices are looked at by
    themselves, since what one asset loses another may gain.
    """
    if {band.tier: band for band in then.bands} != {band.tier: band for band in now.bands}:
        return "The tiers' targets or bands have changed"
    limit = format_bps(parameters.stale_bps)
    for what, change in _changes(then, now):
        if abs(change) * BPS_ONE > parameters.stale_bps * then.gross:
            amount = format_amount(abs(change))
            direction = "more" if change > 0 else "less"
            return f"{what}: {amount} USDT {direction}, beyond {limit} of total assets"
    return ""


def _changes(then: Situation, now: Situation) -> Iterable[tuple[str, int]]:
    yield "Total assets", now.gross - then.gross
    for tier in Tier:
        yield f"The value of {tier.name}", now.tier_assets(tier) - then.tier_assets(tier)
    yield "What falls due", now.due_assets - then.due_assets
    prices = {holding.token: holding.price for holding in now.holdings}
    for holding in then.holdings:
        price = prices.get(holding.token, 0)
        change = holding.balance * (price - holding.price) // 10**holding.decimals
        yield f"{holding.symbol} at its price of now", change


def deviation_bps(expected: Mapping[Tier, int], after: Mapping[Tier, int], total: int) -> int:
    """How far the tier that is furthest off is from where it was expected, bps of total assets,
    ceil; of a total of nothing, everything or nothing."""
    furthest = max(abs(after.get(tier, 0) - expected.get(tier, 0)) for tier in Tier)
    if total <= 0:
        return BPS_ONE if furthest else 0
    return -(-furthest * BPS_ONE // total)
