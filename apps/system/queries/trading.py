"""How prices and rebalancing are: what trading rests on, and what is under way."""

from datetime import datetime, timedelta

from apps.chain import queries as chain
from apps.core import display
from apps.oracle import queries as oracle
from apps.rebalance import queries as rebalance
from apps.system.queries.component import Component
from apps.system.rules import State

PLAN_LATE = timedelta(minutes=5)
PLAN_DEAD = timedelta(hours=1)
"""From when on a plan that is approved, and not done, is late; and when somebody must act."""


def oracle_state(at: datetime) -> Component:
    """Prices: when they were looked at, which are unknown, which the contracts trade far from."""
    prices = oracle.prices_now(chain_id=chain.fund_chain().chain_id, at=at)
    if not prices:
        return Component(name="oracle", state=State.UNKNOWN, sentence="No price observed yet")
    observed_at = max(view.at for view in prices.values() if view.at is not None)
    names = oracle.names_of(chain.fund_chain().chain_id)
    unknown = {names.get(t, t): view for t, view in prices.items() if view.price is None}
    apart = sorted(names.get(t, t) for t, view in prices.items() if view.trades_apart)
    figures = {
        "observed_at": observed_at,
        "prices": len(prices),
        "unknown": sorted(unknown),
        "trades_apart": apart,
    }
    looked = display.relative_text(observed_at, at)
    if at - observed_at > oracle.OBSERVED_WITHIN:
        state, sentence = State.DOWN, f"Nobody has looked at prices since {looked}"
    elif unknown:
        name = min(unknown)
        state = State.DEGRADED
        sentence = f"Price of {_and_more(sorted(unknown))} unknown: {unknown[name].reason}"
    elif apart:
        state = State.DEGRADED
        sentence = f"The contracts trade {_and_more(apart)} far from what the sources say"
    else:
        state, sentence = State.UP, f"{len(prices)} prices known, looked at {looked}"
    return Component(name="oracle", state=state, sentence=sentence, figures=figures)


def rebalancing_state(at: datetime) -> Component:
    """The open plan, and how long it has been approved without being done."""
    plan = rebalance.open_plan(chain_id=chain.fund_chain().chain_id)
    if plan is None:
        return Component(name="rebalancing", state=State.UP, sentence="No plan is open")
    figures = {
        "open_plan": plan.pk,
        "status": plan.status,
        "approved_at": plan.approved_at,
        "waits_for": plan.waits_for,
    }
    sentence = f"R-{plan.pk}: {plan.get_status_display().lower()}"
    state = State.UP
    if plan.approved_at is not None:
        waited = at - plan.approved_at
        sentence += f", approved {display.relative_text(plan.approved_at, at)}"
        if waited > PLAN_LATE:
            state = State.DOWN if waited > PLAN_DEAD else State.DEGRADED
    if plan.waits_for:
        sentence += f"; waits: {plan.waits_for}"
    return Component(name="rebalancing", state=state, sentence=sentence, figures=figures)


def _and_more(names: list[str]) -> str:
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return f"{names[0]}{more}"
