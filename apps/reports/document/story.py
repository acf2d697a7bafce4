"""An incident in plain sentences, from its dataset alone."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from apps.core.display import duration_text
from apps.core.units import format_amount

from .parts import Dataset, noun

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_CAUSES = {
    "LEVEL": "The level of risk became critical",
    "CHAIN": "A contract raised the alarm",
    "MANUAL": "People declared an emergency",
}


def cause_in_words(cause: str) -> str:
    """What opened an incident."""
    return _CAUSES[cause]


def story(data: Dataset) -> Iterator[str]:
    """Paragraphs: how it began, how bad it was, what was done, how it ended."""
    yield _beginning(data)
    yield _risk(data)
    yield from _people(data)
    yield from _switches(data)
    yield from _money(data)
    yield _answers(data)
    yield _ending(data)


def _beginning(data: Dataset) -> str:
    incident = data["incident"]
    return (
        f"{_CAUSES[incident['cause']]}. {_sentence(incident['summary'])} The incident was opened"
        f" at {_at(incident['opened_at'])} by {who(incident['opened_by'])}."
    )


def _risk(data: Dataset) -> str:
    part = data["risk"]
    if part["worst_level"] is None:
        return "How risk stood meanwhile was not measured."
    spans = [
        f"{duration_text(seconds)} at {level.capitalize()}"
        for level, seconds in reversed(part["seconds_at"].items())
        if seconds
    ]
    return (
        f"The worst level was {part['worst_level'].capitalize()}; at the end it was"
        f" {part['closing_level'].capitalize()}. It stood {_listed(spans)}."
    )


def _people(data: Dataset) -> Iterator[str]:
    rows = data["tickets"]
    if not rows:
        return
    voters = sorted({vote["voter"] for row in rows for vote in row["votes"]})
    by_status: dict[str, int] = {}
    for row in rows:
        by_status[row["status"]] = by_status.get(row["status"], 0) + 1
    ends = [f"{n} {status.replace('_', ' ').lower()}" for status, n in sorted(by_status.items())]
    sentence = f"{len(rows)} {noun('ticket', len(rows))} asked people to decide: {_listed(ends)}."
    if voters:
        sentence += f" {_listed(voters)} voted."
    yield sentence


def _switches(data: Dataset) -> Iterator[str]:
    said = [
        f"{_switch(row)} at {_at(row['at'])}"
        for row in sorted(data["switches"], key=lambda row: str(row["at"]))
    ]
    if said:
        yield f"On the chain, {_listed(said)}."


def _switch(row: Dataset) -> str:
    name = str(row["name"]).replace("_", " ").lower()
    contract = str(row["contract"]).replace("_", " ").lower()
    if "pause" in name:
        return f"the {contract} was {'paused' if row['is_on'] else 'taken up again'}"
    return f"{name} of the {contract} was switched {'on' if row['is_on'] else 'off'}"


def _money(data: Dataset) -> Iterator[str]:
    incident, flows, costs = data["incident"], data["flows"], data["costs"]
    gap = incident["gap_assets"]
    if gap is not None:
        yield (
            f"At its largest the liquidity gap was {_usdt(gap)}."
            if int(gap)
            else "What was due never went beyond the liquidity there was: there was no gap."
        )
    for plan in data["plans"]:
        ended = str(plan["status"]).replace("_", " ").lower()
        raised = plan["raised_assets"]
        brought = "sold nothing" if raised is None else f"its sales brought {_usdt(raised)}"
        yield (
            f"Plan R-{plan['id']} was to move {_usdt(plan['planned_assets'])} in"
            f" {len(plan['legs'])} {noun('trade', len(plan['legs']))}. It is {ended} and {brought}."
        )
    if costs["slippage_assets"] is not None:
        yield f"The trades lost {_usdt(costs['slippage_assets'])} against the prices of planning."
    yield _investors(flows)


def _investors(flows: Dataset) -> str:
    asked, paid, came = (flows[f"{name}_count"] for name in ("requested", "paid", "subscribed"))
    said = []
    if asked:
        requests = f"{asked} {noun('request', asked)}"
        said.append(f"investors asked to redeem {_usdt(flows['requested_assets'])} in {requests}")
    if paid:
        said.append(f"{_usdt(flows['paid_assets'])} were paid in {paid} {noun('payment', paid)}")
    if came:
        subscribed = f"{came} {noun('subscription', came)}"
        said.append(f"{_usdt(flows['subscribed_assets'])} came in by {subscribed}")
    nothing = ["investors neither asked for money nor brought any"]
    return f"From 30 minutes before on, {_listed(said or nothing)}."


def _answers(data: Dataset) -> str:
    rows = data["risk"]["events"]
    answered = sorted({row["acknowledged_by"] for row in rows if row["acknowledged_by"]})
    taken = sum(row["acknowledged_at"] is not None for row in rows)
    again = sum(row["escalations"] > 0 for row in rows)
    sentence = f"{len(rows)} {noun('risk event', len(rows))} were open in the time"
    if len(rows) == 1:
        sentence = "One risk event was open in the time"
    sentence += f"; people acknowledged {taken} of them"
    sentence += f" ({_listed(answered)})." if answered else "."
    if again:
        sentence += f" {again} had to be told again, because nobody had answered."
    sent = sum(row["sent"] for row in data["messages"])
    return f"{sentence} {sent:,} {noun('message', sent)} went out."


def _ending(data: Dataset) -> str:
    incident = data["incident"]
    open_ticks = sum(row["done_at"] is None for row in data["checklist"])
    left = ""
    if open_ticks:
        verb = "was" if open_ticks == 1 else "were"
        left = f" {open_ticks} {noun('item', open_ticks)} of the checklist {verb} left undone."
    if incident["closed_at"] is None:
        lasted = duration_text(incident["seconds"])
        return f"The incident is not over; so far it has lasted {lasted}.{left}"
    return (
        f"{incident['closed_by']} closed the incident at {_at(incident['closed_at'])}, after"
        f" {duration_text(incident['seconds'])}.{left}"
    )


def who(name: str) -> str:
    """Whoever acted; a contract by its name and the ends of its address."""
    return _ADDRESS.sub(lambda found: f"{found[0][:6]}…{found[0][-4:]}", name.replace("_", " "))


def _sentence(words: str) -> str:
    return words if words.endswith(".") else f"{words}."


def _usdt(digits: str) -> str:
    value = int(digits)
    return f"{'−' if value < 0 else ''}{format_amount(abs(value))} USDT"


def _at(value: str) -> str:
    at = datetime.fromisoformat(value)
    return f"{at:%H:%M} UTC on {at.day} {at:%B %Y}"


def _listed(items: list[Any]) -> str:
    """``"a"``, ``"a and b"``, ``"a, b and c"``."""
    words = [str(item) for item in items]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
