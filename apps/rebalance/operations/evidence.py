"""What is known right before an execution, for the checks that decide whether it begins."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from apps.chain import queries as chain_queries
from apps.chain.calls import Call, PurchaseAsset, RedeemAsset
from apps.chain.queries import Room
from apps.core.errors import Unavailable
from apps.core.units import BPS_ONE
from apps.fund import queries as fund
from apps.oracle import queries as oracle
from apps.rebalance.models import Plan, Preview
from apps.rebalance.rules import checks, frozen
from apps.rebalance.rules.checks import Check
from apps.rebalance.rules.figures import ActionKind, Parameters, Situation

NAV_WINDOW = timedelta(hours=24)
"""How far the NAV per share moved in this time is its volatility."""
_PASSING = frozenset({"blackout", "gas", "nav_volatility", "paused", "prices"})
_PAUSES = ("asset_controller", "vault")
_KINDS = {PurchaseAsset.kind: ActionKind.PURCHASE, RedeemAsset.kind: ActionKind.REDEEM}


class NothingLeaves(Unavailable):
    """Sending is stopped, or no wallet can send now; people may change that."""


def checks_of(
    plan: Plan | Preview,
    calls: Sequence[Call],
    now: Situation,
    parameters: Parameters,
    *,
    at: datetime,
) -> list[Check]:
    """Every check before the first leg; asks a node, so never inside a transaction.

    Raises:
        NothingLeaves: nobody could carry the legs.
        ChainUnavailable: no node answers.
    """
    rooms = _rooms(calls, at=at)
    tokens = {call.subject_id for call in calls}
    return checks.before_execution(
        blueprint=frozen.blueprint_from_json(plan.blueprint),
        now=now,
        parameters=parameters,
        nav_volatility_bps=_nav_moved_bps(now),
        paused=_paused(plan.chain_id),
        rooms=rooms,
        price_refusal=oracle.why_not_trade(chain_id=plan.chain_id, tokens=tokens, at=at),
        tried=chain_queries.simulate_calls(calls).legs,
        at=at,
    )


def may_pass(check: Check) -> bool:
    """Whether waiting may help: nothing is decided yet, or what is does not last."""
    return check.ok is None or check.name in _PASSING


def _rooms(calls: Sequence[Call], *, at: datetime) -> dict[ActionKind, Sequence[Room]]:
    rooms: dict[ActionKind, Sequence[Room]] = {}
    for call in calls:
        stop = chain_queries.is_stopped(call.chain_id, "", call.kind)
        if stop is not None:
            raise NothingLeaves(f"Sending is stopped: {stop.reason}")
        found = chain_queries.signing_room(chain_id=call.chain_id, kind=call.kind, at=at)
        if not found:
            raise NothingLeaves(f"No wallet can send now: {call.sentence}.")
        rooms[_KINDS[call.kind]] = found
    return rooms


def _paused(chain_id: int) -> dict[str, bool | None]:
    """The contracts that trades go through, by their last switch; one never thrown is off."""
    thrown = {
        switch.contract_kind: switch.is_on
        for switch in fund.switches_now()
        if switch.chain_id == chain_id and switch.name == "PAUSED"
    }
    return {kind: thrown.get(kind, False) for kind in _PAUSES}


def _nav_moved_bps(now: Situation) -> int | None:
    """Between the lowest and the highest NAV per share of the last day, bps of the lowest, ceil;
    None when there is none."""
    points = fund.nav_history(
        start=now.at - NAV_WINDOW, end=now.at + timedelta(seconds=1), interval="hourly"
    )
    figures = [point.nav_per_share for point in points if point.nav_per_share > 0]
    if not figures:
        return None
    lowest, highest = min(figures), max(figures)
    return -(-(highest - lowest) * BPS_ONE // lowest)
