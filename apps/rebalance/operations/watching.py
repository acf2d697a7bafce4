"""What the clock looks at, to see whether a plan is wanted.

What our own rows can tell is asked first; a node is asked when they say that something is off, or
where only it knows. Every look may come late, twice or not at all.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from apps.chain import queries as chain
from apps.core.actor import Actor
from apps.core.units import BPS_ONE
from apps.fund import queries as fund
from apps.oracle import queries as oracle
from apps.rebalance import queries
from apps.rebalance.models import TriggerEvent, TriggerKind
from apps.rebalance.rules import triggers
from apps.rebalance.rules.figures import Aim, AimKind, Parameters
from apps.rebalance.rules.triggers import Reason, Window

from .considering import consider

CLOCK = Actor.system("clock")
MOVES_OVER = timedelta(hours=1)
"""A price is compared with what it was so long ago."""
WINDOWS_OVER = timedelta(days=1)
"""A window that opened longer ago than this has been seen, or nobody can use it any more."""


_CASH_UNKNOWN = Reason(
    kind=TriggerKind.LIQUIDITY,
    text="by the newest snapshot L1 is beyond its marks, or too much falls due",
    aim=Aim(kind=AimKind.LIQUIDITY),
)


def watch_liquidity(*, chain_id: int, at: datetime) -> TriggerEvent | None:
    """Look whether L1 is too low or too high, or too much falls due; None when all is well.

    Raises:
        ChainUnavailable, NoPolicy.
    """
    _, parameters = queries.policy()
    if not _liquidity_may_be_off(chain_id, parameters):
        return None
    try:
        situation = queries.situation_now(chain_id=chain_id, at=at)
    except queries.SituationUnknown:
        return _consider(chain_id, _CASH_UNKNOWN, at)  # which says in the list what is not known
    return _consider(chain_id, triggers.liquidity(situation, parameters), at)


def watch_thresholds(*, chain_id: int, at: datetime) -> list[TriggerEvent]:
    """Look whether a tier or an asset is beyond its limit.

    Raises:
        ChainUnavailable, SituationUnknown, NoPolicy.
    """
    _, parameters = queries.policy()
    situation = queries.situation_now(chain_id=chain_id, at=at)
    reasons = (
        triggers.tier_drift(situation, parameters),
        triggers.concentration(situation, parameters),
    )
    return _consider_all(chain_id, reasons, at)


def watch_calendar(*, chain_id: int, at: datetime) -> list[TriggerEvent]:
    """The checks of the day and of the week, if they were not made since they were due; each is
    written down even when nothing is to be done. While a price is unknown they are put off.

    Raises:
        ChainUnavailable, NoPolicy.
    """
    return [
        consider(
            chain_id=chain_id,
            trigger=TriggerKind.SCHEDULED,
            reason=words if _is_known(chain_id, at) else f"{words}, put off",
            aim=Aim(kind=aim),
            actor=CLOCK,
            at=at,
        )
        for words, aim, due_at in (
            ("the daily look at the tiers", AimKind.TIERS, _midnight(at)),
            ("the weekly look at weights of assets", AimKind.WEIGHTS, _monday(at)),
        )
        if not _told(chain_id, TriggerKind.SCHEDULED, words, since=due_at)
    ]


def watch_markets(*, chain_id: int, at: datetime) -> list[TriggerEvent]:
    """Look whether a price moved far, or an asset opened or matured; each is told once.

    Raises:
        ChainUnavailable, NoPolicy.
    """
    _, parameters = queries.policy()
    assets = fund.assets()
    moves = oracle.moves(chain_id=chain_id, at=at, span=MOVES_OVER)
    symbols = {asset.token: asset.symbol or asset.token for asset in assets}
    named = {symbols[token]: move for token, move in moves.items() if token in symbols}
    reasons = [_news_of_prices(chain_id, named, parameters, at=at)]
    final = chain.final_block(chain_id)
    if final is not None:
        reasons += [
            _news(chain_id, _window_reason(asset, final.time), since=at - WINDOWS_OVER)
            for asset in assets
        ]
    return _consider_all(chain_id, reasons, at)


def _liquidity_may_be_off(chain_id: int, parameters: Parameters) -> bool:
    """By the newest snapshot and the redemptions we know of; True where they cannot say."""
    overview = fund.latest_overview()
    if overview is None or overview.chain_id != chain_id:
        return False
    gross, low = overview.aum_assets, overview.l1_assets
    if not (parameters.l1_low_bps * gross <= low * BPS_ONE <= parameters.l1_high_bps * gross):
        return True
    until = overview.block_at + timedelta(hours=parameters.horizon_hours)
    due = queries.due_assets(chain_id=chain_id, until=until)
    return due * BPS_ONE > overview.liquid_assets * parameters.due_share_max_bps


def _window_reason(asset: fund.AssetView, now: datetime) -> Reason | None:
    window = Window(
        symbol=asset.symbol or asset.token,
        opens_at=asset.subscription_starts_at,
        matures_at=asset.matures_at,
    )
    return triggers.window_changes([window], since=now - WINDOWS_OVER, until=now)


def _news_of_prices(
    chain_id: int, moves: Mapping[str, Decimal], parameters: Parameters, *, at: datetime
) -> Reason | None:
    """A move is told once in the time that it is measured over, whatever it grows to meanwhile."""
    told = TriggerEvent.objects.filter(
        chain_id=chain_id, kind=TriggerKind.EVENT, first_at__gt=at - MOVES_OVER
    ).values_list("reason", flat=True)
    fresh = {
        name: move for name, move in moves.items() if not any(f"{name} by " in one for one in told)
    }
    return triggers.price_moves(fresh, parameters)


def _news(chain_id: int, reason: Reason | None, *, since: datetime) -> Reason | None:
    """A reason that was not told since then."""
    if reason is None:
        return None
    return None if _told(chain_id, reason.kind, reason.text, since=since) else reason


def _is_known(chain_id: int, at: datetime) -> bool:
    try:
        queries.situation_now(chain_id=chain_id, at=at)
    except queries.SituationUnknown:
        return False
    return True


def _told(chain_id: int, kind: str, reason: str, *, since: datetime) -> bool:
    return TriggerEvent.objects.filter(
        chain_id=chain_id, kind=kind, reason=reason[:500], last_at__gte=since
    ).exists()


def _midnight(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def _monday(at: datetime) -> datetime:
    return _midnight(at) - timedelta(days=at.astimezone(UTC).weekday())


def _consider_all(
    chain_id: int, reasons: Iterable[Reason | None], at: datetime
) -> list[TriggerEvent]:
    found = (_consider(chain_id, reason, at) for reason in reasons)
    return [event for event in found if event is not None]


def _consider(chain_id: int, reason: Reason | None, at: datetime) -> TriggerEvent | None:
    if reason is None:
        return None
    return consider(
        chain_id=chain_id,
        trigger=reason.kind,
        reason=reason.text,
        aim=reason.aim,
        actor=CLOCK,
        at=at,
    )
