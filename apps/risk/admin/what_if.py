"""What if: a form that says what happens, and the board before and after. Nothing is changed."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from apps.core import clock
from apps.core.admin import require, why_not
from apps.core.units import to_decimal
from apps.risk import queries
from apps.risk.rules.figures import Judged
from apps.risk.rules.specs import SPECS
from apps.risk.rules.stress import BadScenario, Scenario, WhatIf
from apps.risk.rules.words import value_text

from .base import VIEW, show, site

LOSS = "loss-"
_HUNDRED = Decimal(100)
_PLAIN = re.compile(r"-?[0-9]{1,9}(\.[0-9]{1,6})?")
_CHARACTERS_MAX = 40


@dataclass
class Form:
    """What was typed, what it means, and what is wrong with it, by field."""

    typed: Mapping[str, str]
    wrong: dict[str, str] = field(default_factory=dict)

    def share(self, name: str, what: str) -> Decimal:
        """A percentage as a share; empty is 0."""
        number = self._number(name, f"{what} is a percentage from 0 to 100, for example 12.5.")
        if not 0 <= number <= _HUNDRED:
            self.wrong[name] = f"{what} is 0 to 100 %."
            return Decimal(0)
        return number / _HUNDRED

    def count(self, name: str, what: str, *, empty: int) -> int:
        """A whole number; ``empty`` where nothing is typed."""
        words = f"{what} is a whole number, for example {empty or 6}."
        number = self._number(name, words, empty=empty)
        if number != number.to_integral_value():
            self.wrong[name] = words
            return empty
        return int(number)

    def _number(self, name: str, words: str, *, empty: int = 0) -> Decimal:
        text = self.typed.get(name, "").strip().removesuffix("%").replace(",", "").strip()
        if not text:
            return Decimal(empty)
        if not _PLAIN.fullmatch(text):
            self.wrong[name] = words
            return Decimal(empty)
        return Decimal(text)


@require_safe
def what_if_page(request: HttpRequest) -> HttpResponse:
    """The form; with fields in the address, what would follow. The node is asked only then."""
    require(request, VIEW)
    at = clock.now()
    form = Form(request.GET.dict())
    assets = queries.stress.held_assets()
    scenario = _scenario(form, [asset.token for asset in assets])
    refused, result = "", None
    if request.GET and form.wrong:
        refused = "Some fields cannot be read; they say how they are meant."
    elif request.GET:
        try:
            result = queries.stress.what_if_now(scenario=scenario, at=at)
        except (BadScenario, queries.NoPolicy) as refusal:
            refused = refusal.message
            form.wrong |= {key: str(words) for key, words in refusal.details.items()}
    context = {
        "at": at,
        "form": form,
        "refused": refused,
        "fields": {name: _field(form, name) for name in ("redeem", "requests", "stale")},
        "needs_approval": "approval" in request.GET,
        "losses": [{"asset": asset, **_field(form, f"{LOSS}{asset.token}")} for asset in assets],
        "why_not_preview": why_not(
            request, "rebalance.preview_plan", "Your role does not plan rebalancing."
        ),
        **(_shown(result) if result else {}),
    }
    return show(request, "what_if", "What if", context)


def _scenario(form: Form, tokens: list[str]) -> Scenario:
    return Scenario(
        redeem_share=form.share("redeem", "What is redeemed"),
        requests=form.count("requests", "The number of requests", empty=1),
        needs_approval="approval" in form.typed,
        losses={
            token: share
            for token in tokens
            if (share := form.share(f"{LOSS}{token}", "What an asset loses"))
        },
        stale_hours=form.count("stale", "The time without prices", empty=0),
    )


def _field(form: Form, name: str) -> dict[str, str]:
    return {
        "name": name,
        "value": form.typed.get(name, "")[:_CHARACTERS_MAX],
        "wrong": form.wrong.get(name, ""),
    }


def _shown(result: WhatIf) -> dict[str, Any]:
    missing = result.missing_assets
    return {
        "result": result,
        "missing_assets": missing,
        "raise_usdt": f"{to_decimal(missing):f}" if missing else "",
        "new_reasons": [
            reason for reason in result.after.reasons if reason not in result.before.reasons
        ],
        "rows": [_row(before, after) for before, after in result.changes],
        "amounts": _amounts(result),
    }


def _amounts(result: WhatIf) -> list[tuple[str, int | None, int | None]]:
    before, after = result.before.situation, result.after.situation
    return [
        ("Gross assets", before.gross_assets, after.gross_assets),
        ("L1", before.l1_assets, after.l1_assets),
        ("L2", before.l2_assets, after.l2_assets),
        ("L3", before.l3_assets, after.l3_assets),
        ("Owed to redemptions", before.liability_assets, after.liability_assets),
    ]


def _row(before: Judged, after: Judged) -> dict[str, Any]:
    spec = SPECS[after.measured.indicator]
    return {
        "indicator": after.measured.indicator.value,
        "title": spec.title,
        "before": _value(before),
        "after": _value(after),
        "before_unknown": before.measured.unknown,
        "after_unknown": after.measured.unknown,
        "before_status": before.status,
        "after_status": after.status,
        "meaning": after.meaning,
        "same": (before.status, before.measured.value) == (after.status, after.measured.value),
    }


def _value(judged: Judged) -> str:
    """Empty where it has no value: the page then says why."""
    measured = judged.measured
    if measured.infinite:
        return "unlimited"
    if measured.too_few:
        return "too few"
    if measured.value is None:
        return ""
    threshold = judged.threshold
    return value_text(
        measured.value,
        SPECS[measured.indicator].unit,
        apart_from=(threshold.warning, threshold.critical),
    )


site.add_page("risk/what-if/", what_if_page, "risk_what_if")
