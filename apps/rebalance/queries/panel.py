"""What a plan's ticket shows: tiers before and after, legs, cost, and a dry run of all of them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.urls import reverse

from apps.approvals.queries import Ticket
from apps.chain import queries as chain
from apps.core import clock
from apps.core.cached import cached
from apps.core.units import bps_of
from apps.rebalance.models import Leg, Plan, PlanStatus
from apps.rebalance.rules.calls import call_of

from .facts import facts_of
from .plans import PlanView, plan_view

TEMPLATE = "admin/rebalance/panel.html"
DRY_RUN_SECONDS = 15
"""A dry run is shown with its age, so one reading may serve a few page loads."""


def facts_now(ticket: Ticket) -> Mapping[str, Any] | None:
    """The plan's figures from its rows; None when it no longer waits for approval.

    The level of risk is the ticket's: it was judged when the ticket was opened.
    """
    row = _row(ticket)
    if row is None or row.status != PlanStatus.PENDING_APPROVAL:
        return None
    return facts_of(row, risk_level=str(ticket.facts.get("riskLevel", "")))


def describe_plan(ticket: Ticket) -> Mapping[str, Any]:
    """The page's "what will happen". May ask a node; never call it inside a transaction."""
    row = _row(ticket)
    if row is None:
        return {"missing": "There is no such plan any more."}
    view = plan_view(row)
    return {
        "template": TEMPLATE,
        "sentence": _sentence(view),
        "url": reverse("admin:rebalance_plan_change", args=[row.pk]),
        "plan": view,
        "cost_bps": bps_of(view.cost_assets, row.amount_assets),
        "simulation": dry_run(list(row.legs.all())) if ticket.is_open else None,
    }


def dry_run(legs: Sequence[Leg]) -> dict[str, Any]:
    """What all legs would do now, one after the other at the newest block; when no node answers,
    why."""
    plan_id = legs[0].plan_id if legs else 0
    calls = [call_of(leg.plan.chain_id, leg) for leg in legs]

    def tried() -> dict[str, Any]:
        return simulated(legs, calls, chain.simulate_calls(calls), at=clock.now())

    try:
        return cached(f"rebalance:dry-run:{plan_id}", DRY_RUN_SECONDS, tried)
    except chain.ChainUnavailable as unavailable:
        return {"unavailable": unavailable.message, "legs": []}


def simulated(
    legs: Sequence[Any], calls: Sequence[Any], run: chain.Simulation, *, at: datetime
) -> dict[str, Any]:
    """A simulation in words, leg by leg."""
    return {
        "unavailable": "",
        "at": at,
        "block_number": run.block_number,
        "compared": run.compared,
        "legs": [
            {
                "position": leg.position,
                "sentence": call.sentence,
                "ok": one.ok if one.met is not False else False,
                "error": one.error or ("" if one.met is not False else "less than was planned"),
                "gas": one.gas,
            }
            for leg, call, one in zip(legs, calls, run.legs, strict=True)
        ],
    }


def _sentence(view: PlanView) -> str:
    legs = len(view.legs)
    return (
        f"After approval {legs} {'trade is' if legs == 1 else 'trades are'} sent one after the"
        " other, each after the one before is final, unless a check or the inputs speak against"
        " it by then."
    )


def _row(ticket: Ticket) -> Plan | None:
    rows = Plan.objects.prefetch_related("legs", "triggers").filter(chain_id=ticket.chain_id)
    return rows.filter(pk=int(ticket.subject_id)).first()
