"""The filtered list of plans as a file: one row for each leg, with its plan beside it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse

from apps.audit import operations as audit
from apps.core import exports
from apps.core.actor import Actor
from apps.core.units import to_decimal
from apps.rebalance import queries
from apps.rebalance.models import Leg, Plan

_CHUNK = 500


@dataclass(frozen=True, slots=True)
class _Row:
    plan: Plan
    view: queries.PlanView
    leg: Leg


def _tier(tier: str, which: str, row: _Row) -> Any:
    found = next((one for one in row.view.tiers if one.tier == tier), None)
    return getattr(found, which) if found else None


def _tier_columns() -> list[exports.Column]:
    return [
        column
        for tier in ("L1", "L2", "L3")
        for which in ("before", "projected", "target", "after")
        for column in exports.money_columns(f"{tier} {which}", partial(_tier, tier, which))
    ]


def _tokens(which: str) -> exports.Column:
    def scaled(row: _Row) -> Any:
        amount = getattr(row.leg, which)
        return None if amount is None else to_decimal(amount, row.leg.decimals)

    title = "Tokens, planned" if which == "tokens" else "Tokens, realised"
    return exports.Column(title, scaled)


COLUMNS: Sequence[exports.Column] = [
    exports.Column("Plan", lambda row: f"R-{row.plan.pk}"),
    exports.Column("Chain", lambda row: row.plan.chain_id),
    exports.Column("Status", lambda row: row.plan.status),
    exports.Column("Trigger", lambda row: row.plan.trigger),
    exports.Column("Reason", lambda row: row.plan.trigger_reason),
    exports.Column("Aim", lambda row: row.plan.aim),
    exports.Column("Planner", lambda row: row.plan.planner),
    exports.Column("Asked by", lambda row: row.plan.created_by_name),
    exports.Column("Made (UTC)", lambda row: row.plan.created_at),
    exports.Column("Ticket", lambda row: row.plan.ticket_id),
    exports.Column("Approval", lambda row: row.plan.approval),
    exports.Column("Begun (UTC)", lambda row: row.plan.begun_at),
    exports.Column("Finished (UTC)", lambda row: row.plan.finished_at),
    exports.Column("Seconds", lambda row: row.view.seconds),
    exports.Column("Outcome", lambda row: row.plan.outcome),
    *exports.money_columns("Plan moves", lambda row: row.plan.amount_assets),
    *exports.money_columns("Expected slippage", lambda row: row.plan.slippage_assets),
    *exports.money_columns("Expected gas", lambda row: row.plan.gas_assets),
    *_tier_columns(),
    exports.Column("Off projection (bp)", lambda row: row.plan.deviation_bps),
    exports.Column("Leg", lambda row: row.leg.position),
    exports.Column("Kind", lambda row: row.leg.kind),
    exports.Column("Priority", lambda row: row.leg.priority),
    exports.Column("From", lambda row: row.leg.get_tier_from_display()),
    exports.Column("To", lambda row: row.leg.get_tier_to_display()),
    exports.Column("Asset", lambda row: row.leg.symbol),
    exports.Column("Token", lambda row: row.leg.token),
    *exports.money_columns("Amount", lambda row: row.leg.assets),
    _tokens("tokens"),
    exports.Column("Route", lambda row: queries.method_name(row.leg.method)),
    exports.Column("Leg status", lambda row: row.leg.status),
    *exports.money_columns("Realised", lambda row: row.leg.realised_assets),
    _tokens("realised_tokens"),
    exports.Column("Expected slippage (bp)", lambda row: row.leg.slippage_bps),
    exports.Column("Realised slippage (bp)", lambda row: row.leg.slippage_bps_realised),
    exports.Column("Gas used", lambda row: row.leg.gas_used),
    exports.Column("Sent (UTC)", lambda row: row.leg.sent_at),
    exports.Column("Final (UTC)", lambda row: row.leg.finished_at),
    exports.Column("Transaction", lambda row: row.leg.tx_hash),
    exports.Column("Error", lambda row: row.leg.error),
]


def export(
    plans: QuerySet[Plan], file_format: str, *, query: str, actor: Actor, at: datetime
) -> HttpResponse:
    """A CSV or XLSX file of exactly these plans' legs; written down in the audit log.

    Raises:
        exports.TooMany: over 50,000 rows.
    """
    count = Leg.objects.filter(plan__in=plans.order_by().values("pk")).count()
    name = f"rebalancing-{at:%Y%m%dT%H%M%SZ}"
    response = exports.download(
        _rows(plans), COLUMNS, count=count, file_format=file_format, name=name
    )
    audit.record(
        actor=actor,
        action="rebalance.exported",
        object_type="plan",
        object_id="list",
        after={"rows": count, "format": file_format, "filter": query},
        at=at,
    )
    return response


def _rows(plans: QuerySet[Plan]) -> Iterator[_Row]:
    related = plans.prefetch_related("legs", "triggers")
    for plan in related.iterator(chunk_size=_CHUNK):
        view = queries.plan_view(plan)
        for leg in view.legs:
            yield _Row(plan, view, leg.row)
