"""The sidebar: what exists, in the order of a working day; each person sees what they may."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from apps.system import badges


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the sidebar; ``badge`` names a count of ``badges.counts``."""

    title: str
    icon: str
    url_name: str
    permission: str = ""
    badge: str = ""
    query: str = ""


GROUPS: dict[str, list[Entry]] = {
    "Today": [
        Entry("Dashboard", "dashboard", "admin:index"),
        Entry(
            "My approvals",
            "how_to_vote",
            "admin:approvals_ticket_changelist",
            "approvals.decide_ticket",
            "my_approvals",
            "?tab=mine",
        ),
        Entry(
            "Alerts",
            "notifications_active",
            "admin:risk_riskevent_changelist",
            "risk.view_riskevent",
            "alerts",
            "?tab=open",
        ),
    ],
    "Investors": [
        Entry(
            "Redemptions",
            "output",
            "admin:redemptions_redemption_changelist",
            "redemptions.view_redemption",
            "redemptions",
        ),
        Entry(
            "Subscriptions", "input", "admin:fund_subscription_changelist", "fund.view_subscription"
        ),
        Entry("Holders", "groups", "admin:fund_holder_changelist", "fund.view_holder"),
    ],
    "Portfolio": [
        Entry("NAV", "show_chart", "admin:fund_navupdate_changelist", "fund.view_navupdate"),
        Entry(
            "Assets and targets",
            "account_balance",
            "admin:fund_asset_changelist",
            "fund.view_asset",
        ),
        Entry(
            "Rebalancing",
            "balance",
            "admin:rebalance_overview",
            "rebalance.view_plan",
            "plans",
        ),
        Entry(
            "Plans",
            "checklist",
            "admin:rebalance_plan_changelist",
            "rebalance.view_plan",
            "plans_to_review",
        ),
        Entry(
            "Triggers",
            "bolt",
            "admin:rebalance_triggerevent_changelist",
            "rebalance.view_triggerevent",
        ),
        Entry(
            "Rebalancing policy",
            "tune",
            "admin:rebalance_policy_changelist",
            "rebalance.view_policy",
        ),
        Entry("Trades", "swap_horiz", "admin:fund_assettrade_changelist", "fund.view_assettrade"),
        Entry("Fees", "percent", "admin:fund_feeentry_changelist", "fund.view_feeentry"),
        Entry("Snapshots", "photo_camera", "admin:fund_snapshot_changelist", "fund.view_snapshot"),
    ],
    "Risk": [
        Entry("Board", "speed", "admin:risk_board", "risk.view_assessment"),
        Entry("Events", "crisis_alert", "admin:risk_riskevent_changelist", "risk.view_riskevent"),
        Entry("Forecast", "waterfall_chart", "admin:risk_forecast", "risk.view_forecast"),
        Entry("What-if", "science", "admin:risk_what_if", "risk.view_forecast"),
        Entry(
            "Incidents",
            "emergency",
            "admin:risk_incident_changelist",
            "risk.view_incident",
            "incidents",
        ),
        Entry("Thresholds", "tune", "admin:risk_policy_changelist", "risk.view_policy"),
    ],
    "Control": [
        Entry(
            "Tickets",
            "assignment_turned_in",
            "admin:approvals_ticket_changelist",
            "approvals.view_ticket",
        ),
        Entry(
            "Rules and approvers", "rule", "admin:approvals_rule_changelist", "approvals.view_rule"
        ),
        Entry(
            "Audit trail",
            "history_edu",
            "admin:audit_operationlog_changelist",
            "audit.view_operationlog",
        ),
    ],
    "Chain": [
        Entry("Events", "list_alt", "admin:chain_log_changelist", "chain.view_log", "parked"),
        Entry(
            "Transactions",
            "send",
            "admin:chain_transaction_changelist",
            "chain.view_transaction",
            "stuck",
        ),
        Entry(
            "Warm wallet",
            "verified_user",
            "admin:chain_safeproposal_changelist",
            "chain.view_safeproposal",
            "warm_wallet",
        ),
        Entry(
            "Signers", "draw", "admin:chain_signeraccount_changelist", "chain.view_signeraccount"
        ),
        Entry("Stops", "front_hand", "admin:chain_stop_changelist", "chain.view_stop", "stops"),
        Entry("Oracle", "price_check", "admin:oracle_source_changelist", "oracle.view_source"),
        Entry("Chain status", "lan", "admin:chain_cursor_changelist", "chain.view_cursor"),
        Entry(
            "Differences",
            "difference",
            "admin:chain_finding_changelist",
            "chain.view_finding",
            "findings",
            "?closed_at__isempty=1",
        ),
        Entry("On-chain roles", "key", "admin:fund_chainrole_changelist", "fund.view_chainrole"),
    ],
    "Reports": [
        Entry(
            "Reports", "description", "admin:reports_reportrun_changelist", "reports.view_reportrun"
        ),
    ],
    "System": [
        Entry(
            "Users and roles",
            "manage_accounts",
            "admin:accounts_user_changelist",
            "accounts.view_user",
        ),
        Entry(
            "Wallets",
            "account_balance_wallet",
            "admin:accounts_wallet_changelist",
            "accounts.view_wallet",
        ),
        Entry(
            "Notifications",
            "mail",
            "admin:notifications_notification_changelist",
            "notifications.view_notification",
            "failed_messages",
        ),
        Entry("Jobs", "schedule", "admin:system_taskrun_changelist", "system.view_taskrun"),
        Entry("Health", "monitor_heart", "admin:system_health", "system.view_health"),
    ],
}


_EXACT = frozenset({"admin:risk_board"})
"""Pages below whose address others of the sidebar lie."""


def groups(request: HttpRequest) -> list[dict[str, Any]]:
    """Unfold's sidebar for this person; a group in which nothing may be seen is absent."""
    counts = badges.counts(request)
    shown = []
    for title, entries in GROUPS.items():
        items = [_item(entry, request, counts) for entry in visible(entries, request)]
        if items:
            shown.append({"title": title, "items": items})
    return shown


def visible(entries: list[Entry], request: HttpRequest) -> list[Entry]:
    """The entries that this person may open."""
    user: Any = request.user
    return [entry for entry in entries if not entry.permission or user.has_perm(entry.permission)]


def address(entry: Entry) -> str:
    """Where the entry leads."""
    return reverse(entry.url_name) + entry.query


def _item(entry: Entry, request: HttpRequest, counts: dict[str, badges.Badge]) -> dict[str, Any]:
    item = {
        "title": entry.title,
        "icon": entry.icon,
        "link": address(entry),
        "active": _is_active(entry, request),
    }
    badge = counts.get(entry.badge)
    if badge is not None and badge.count:
        item |= {"badge": badge.count, "badge_tone": badge.tone}
    return item


def _is_active(entry: Entry, request: HttpRequest) -> bool:
    path = reverse(entry.url_name)
    if entry.url_name == "admin:index":
        return request.path == path
    if entry.query:
        return request.get_full_path() == path + entry.query
    if not request.path.startswith(path):
        return False
    if entry.url_name in _EXACT and request.path != path:
        return False
    same = [other for other in _entries() if other.query and reverse(other.url_name) == path]
    return not any(request.get_full_path() == address(other) for other in same)


def _entries() -> list[Entry]:
    return [entry for entries in GROUPS.values() for entry in entries]
