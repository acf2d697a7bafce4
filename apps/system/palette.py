"""The command palette: what a person pastes, an address, a hash, a number, leads to its record."""

import re
from contextlib import suppress
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from unfold.dataclasses import SearchResult

from apps.accounts import queries as accounts
from apps.approvals import queries as approvals
from apps.chain import queries as chain
from apps.core.display import amount_text, checksum
from apps.fund import queries as fund
from apps.rebalance import queries as rebalance
from apps.redemptions import queries as redemptions
from apps.risk import queries as risk
from apps.system import navigation

ROWS_MAX = 8
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_HASH = re.compile(r"0x[0-9a-fA-F]{64}")
_NUMBER = re.compile(r"(?:#|r-?|t-?|e-?|i-?)?([0-9]{1,18})", re.IGNORECASE)


def search(request: HttpRequest, term: str) -> list[SearchResult]:
    """Records first, then pages by name; nobody is led to what they may not see."""
    term = term.strip()
    user: Any = request.user
    found: list[SearchResult] = []
    if _ADDRESS.fullmatch(term):
        found += _of_address(user, term.lower())
    elif _HASH.fullmatch(term):
        found += _of_hash(user, term.lower())
    elif number := _NUMBER.fullmatch(term):
        found += _of_number(user, int(number.group(1)))
    return found + _pages(request, term.lower()) + _indicators(user, term.lower())


def _of_address(user: Any, address: str) -> list[SearchResult]:
    name = accounts.label_of(address)
    found = []
    if user.has_perm("fund.view_holder") and (holder := fund.holder(address)):
        text = f"{amount_text(holder.balance_shares, 'PPT')} PPT"
        found.append(
            _to_list("Holder", name or checksum(address), text, "groups", "fund_holder", address)
        )
    if user.has_perm("redemptions.view_redemption"):
        found += _redemptions(address)
    if user.has_perm("accounts.view_wallet") and name:
        found.append(
            _to_list(
                "Wallet",
                name,
                checksum(address),
                "account_balance_wallet",
                "accounts_wallet",
                address,
            )
        )
    return found


def _of_hash(user: Any, tx_hash: str) -> list[SearchResult]:
    found = []
    if user.has_perm("redemptions.view_redemption"):
        found += _redemptions(tx_hash)
    if user.has_perm("chain.view_log"):
        events = chain.latest_events(ROWS_MAX, tx_hash=tx_hash)
        if events:
            names = ", ".join(event.name or "unknown event" for event in events)
            found.append(
                _to_list(
                    "Events",
                    names,
                    f"block {events[0].block_number:,}",
                    "list_alt",
                    "chain_log",
                    tx_hash,
                )
            )
    if user.has_perm("chain.view_transaction"):
        found.append(
            _to_list(
                "Transactions", "Ours with this hash", "", "send", "chain_transaction", tx_hash
            )
        )
    return found


def _of_number(user: Any, number: int) -> list[SearchResult]:
    found = []
    if user.has_perm("redemptions.view_redemption"):
        found += _redemptions(str(number))
    if user.has_perm("rebalance.view_plan"):
        with suppress(rebalance.PlanNotFound):
            found.append(_plan(number))
    if user.has_perm("approvals.view_ticket"):
        with suppress(approvals.TicketNotFound):
            found.append(_ticket(number))
    if user.has_perm("risk.view_riskevent"):
        with suppress(risk.EventNotFound):
            found.append(_event(number))
    if user.has_perm("risk.view_incident"):
        found += _incidents(number)
    return found


def _event(number: int) -> SearchResult:
    event = risk.event(number)
    return SearchResult(
        title=f"Risk event E-{event.pk}: {event.message}",
        description=f"{event.severity.lower()}, {event.status.lower()}",
        link=reverse("admin:risk_riskevent_change", args=[event.pk]),
        icon="crisis_alert",
    )


def _incidents(number: int) -> list[SearchResult]:
    return [
        SearchResult(
            title=f"Incident I-{row.pk}: {row.summary}",
            description=f"phase {row.phase.lower()}",
            link=reverse("admin:risk_incident_change", args=[row.pk]),
            icon="emergency",
        )
        for row in risk.incidents().filter(pk=number)
    ]


def _indicators(user: Any, words: str) -> list[SearchResult]:
    if not user.has_perm("risk.view_assessment"):
        return []
    return [
        SearchResult(
            title=f"Indicator: {title}",
            description="Risk",
            link=reverse("admin:risk_indicator", args=[indicator]),
            icon="speed",
        )
        for indicator, title in risk.indicator_titles().items()
        if words in title.lower()
    ]


def _plan(number: int) -> SearchResult:
    plan = rebalance.plan(number)
    return SearchResult(
        title=f"Rebalance R-{plan.pk}: {amount_text(plan.amount_assets)} USDT",
        description=f"{plan.trigger.lower()}, {plan.get_status_display().lower()}",
        link=reverse("admin:rebalance_plan_change", args=[plan.pk]),
        icon="balance",
    )


def _ticket(number: int) -> SearchResult:
    ticket = approvals.ticket(number)
    return SearchResult(
        title=f"Ticket #{ticket.pk}: {ticket.title}",
        description=ticket.status.replace("_", " ").lower(),
        link=reverse("admin:approvals_ticket_change", args=[ticket.pk]),
        icon="assignment_turned_in",
    )


def _redemptions(text: str) -> list[SearchResult]:
    return [
        SearchResult(
            title=f"Redemption #{row.request_id}: {amount_text(row.gross_assets)} USDT",
            description=f"{row.channel.lower()}, {row.status.replace('_', ' ').lower()}",
            link=reverse("admin:redemptions_redemption_change", args=[row.pk]),
            icon="output",
        )
        for row in redemptions.find(text)[:ROWS_MAX]
    ]


def _pages(request: HttpRequest, words: str) -> list[SearchResult]:
    return [
        SearchResult(
            title=entry.title, description=group, link=navigation.address(entry), icon=entry.icon
        )
        for group, entries in navigation.GROUPS.items()
        for entry in navigation.visible(entries, request)
        if words in entry.title.lower()
    ]


def _to_list(
    kind: str, title: str, description: str, icon: str, model: str, query: str
) -> SearchResult:
    link = f"{reverse(f'admin:{model}_changelist')}?q={query}"
    return SearchResult(title=f"{kind}: {title}", description=description, link=link, icon=icon)
