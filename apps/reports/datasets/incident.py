"""The dataset of an incident report: what happened, what was done, what it cost."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from apps.reports.rules import Period

from .frame import block, frame
from .incident_inputs import IncidentInputs
from .risk import risk, spans
from .risk_inputs import History, HistoryPoint
from .values import digits, fields_of, number, time, words


def build_incident(inputs: IncidentInputs, *, run_id: int) -> dict[str, Any]:
    """The dataset: JSON, complete, never changed later."""
    final = None
    if inputs.final_block_number is not None and inputs.final_block_time is not None:
        final = block(inputs.final_block_number, inputs.final_block_time)
    return {
        **frame(
            kind="INCIDENT",
            run_id=run_id,
            period=inputs.period,
            chain=(inputs.chain_id, inputs.chain_name),
            read_at=inputs.read_at,
            as_of={"closing": final},
            missing=_missing(inputs),
        ),
        "incident": _incident(inputs),
        "figures": [{"label": label, "assets": digits(assets)} for label, assets in inputs.figures],
        "entries": [fields_of(entry) for entry in inputs.entries],
        "risk": risk(inputs.levels, inputs.events, inputs.period),
        "levels_before_and_after": spans(inputs.levels, _charted(inputs)),
        "history": [_history(history) for history in inputs.history],
        "actions": [fields_of(action) for action in inputs.actions],
        "tickets": [fields_of(ticket) for ticket in inputs.tickets],
        "transactions": [fields_of(row) for row in inputs.transactions],
        "plans": [fields_of(plan) for plan in inputs.plans],
        "contacts": [fields_of(contact) for contact in inputs.contacts],
        "flows": _flows(inputs),
        "costs": _costs(inputs),
        "messages": [fields_of(message) for message in inputs.messages],
        "checklist": [fields_of(tick) for tick in inputs.checklist],
        "alerts": [fields_of(alert) for alert in inputs.alerts],
        "switches": [fields_of(switch) for switch in inputs.switches],
    }


def _incident(inputs: IncidentInputs) -> dict[str, Any]:
    end = inputs.closed_at or inputs.period.end
    return {
        "id": inputs.incident_id,
        "cause": inputs.cause,
        "summary": inputs.summary,
        "phase": inputs.phase,
        "opened_at": time(inputs.opened_at),
        "opened_by": inputs.opened_by,
        "closed_at": time(inputs.closed_at) if inputs.closed_at else None,
        "closed_by": inputs.closed_by,
        "seconds": int((end - inputs.opened_at).total_seconds()),
        "lessons": inputs.lessons,
        "gap_assets": digits(inputs.gap_assets),
        "gap_words": inputs.gap_words,
        "raised_assets": _sum(plan.raised_assets for plan in inputs.plans),
    }


def _missing(inputs: IncidentInputs) -> list[str]:
    found = []
    if inputs.closed_at is None:
        found.append(
            f"The incident is not over: this report says what was known at {words(inputs.read_at)}."
        )
    if not inputs.levels:
        found.append("No measurement of risk is known of the time of the incident.")
    if inputs.unapplied_logs:
        found.append(f"{inputs.unapplied_logs} events of the chain wait to be applied.")
    return found


def _charted(inputs: IncidentInputs) -> Period:
    """The incident with what led to it, as far as it was measured."""
    starts = [history.points[0].at for history in inputs.history if history.points]
    return Period(min([*starts, inputs.period.start]), inputs.period.end)


def _history(history: History) -> dict[str, Any]:
    """An indicator with its first, worst and last value."""
    known = [point for point in history.points if point.value is not None]
    return {
        **fields_of(history),
        "first_value": _value(known[0]) if known else None,
        "worst_value": number(_worst(known, history.worse)) if known else None,
        "worst_at": _worst_at(known, history.worse),
        "last_value": _value(known[-1]) if known else None,
        "unknown_runs": sum(point.status == "UNKNOWN" for point in history.points),
    }


def _value(point: HistoryPoint) -> str | None:
    return None if point.value is None else number(point.value)


def _worst(points: Sequence[HistoryPoint], worse: str) -> Decimal:
    values = [point.value for point in points if point.value is not None]
    return min(values) if worse == "below" else max(values)


def _worst_at(points: Sequence[HistoryPoint], worse: str) -> str | None:
    if not points:
        return None
    worst = _worst(points, worse)
    at: datetime = next(point.at for point in points if point.value == worst)
    return time(at)


def _flows(inputs: IncidentInputs) -> dict[str, Any]:
    """What was asked for, paid and subscribed meanwhile, in numbers and base units."""
    return {
        "requested_count": len(inputs.requests),
        "requested_assets": str(sum(row.gross_assets for row in inputs.requests)),
        "paid_count": len(inputs.payouts),
        "paid_assets": str(sum(row.net_assets for row in inputs.payouts)),
        "subscribed_count": len(inputs.subscriptions),
        "subscribed_assets": str(sum(row.assets for row in inputs.subscriptions)),
    }


def _costs(inputs: IncidentInputs) -> dict[str, Any]:
    """Slippage against the prices of planning, gas as expected in USDT and as used in units."""
    legs = [leg for plan in inputs.plans for leg in plan.legs]
    expected = sum(leg.expected_gas_assets for leg in legs if leg.tx_hash)
    return {
        "slippage_assets": _sum(plan.slippage_assets for plan in inputs.plans),
        "expected_gas_assets": str(expected),
        "gas_used": sum(row.gas_used or 0 for row in inputs.transactions),
        "transactions": len(inputs.transactions),
        "transactions_failed": sum(bool(row.error) for row in inputs.transactions),
    }


def _sum(values: Any) -> str | None:
    """The sum of what is known; None when nothing is."""
    known = [value for value in values if value is not None]
    return str(sum(known)) if known else None
