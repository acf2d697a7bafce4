"""The one table of who may do what.

A role is a Django group; after each migration its permissions are made to equal this table.
``app.view_*`` stands for all the view permissions of an app. Nobody has more than their roles
give: there are no superusers.
"""

from fnmatch import fnmatchcase

_READ = frozenset(
    {
        "fund.view_*",
        "rebalance.view_*",
        "redemptions.view_*",
        "approvals.view_*",
        "reports.view_*",
        "chain.view_*",
        "notifications.view_*",
        "system.view_health",
    }
)
_REPORTS = frozenset({"reports.generate_report", "reports.download_report"})
_PEOPLE = frozenset({"accounts.view_*", "accounts.add_user", "accounts.change_user"})
_AUDIT = frozenset({"audit.view_operationlog"})
_EXPORT = frozenset({"redemptions.export_redemption", "rebalance.export_plan"})
_OPERATE = frozenset(
    {
        "redemptions.settle_redemption",
        "redemptions.export_redemption",
        "rebalance.preview_plan",
        "rebalance.submit_plan",
        "rebalance.export_plan",
        "approvals.cancel_ticket",
        "notifications.resend_notification",
        "chain.retry_log",
        "chain.manage_transaction",
        "chain.stop_sending",
        "fund.propose_fees",
    }
)
_ORACLE = frozenset({"oracle.view_*"})
_DECIDE = frozenset({"approvals.decide_ticket", "chain.confirm_safeproposal"})

ROLES: dict[str, frozenset[str]] = {
    "SUPER_ADMIN": _READ
    | _REPORTS
    | _PEOPLE
    | _AUDIT
    | _OPERATE
    | _ORACLE
    | _DECIDE
    | {"oracle.propose_source", "rebalance.propose_policy", "rebalance.review_plan"}
    | {"system.view_*", "chain.propose_limits", "approvals.propose_rule", "fund.propose_assets"},
    "ADMIN": _READ
    | _REPORTS
    | _PEOPLE
    | _AUDIT
    | _ORACLE
    | _DECIDE
    | {"oracle.propose_source", "rebalance.propose_policy", "rebalance.review_plan"}
    | (_OPERATE - {"redemptions.settle_redemption"})
    | {"system.view_*", "chain.propose_limits", "approvals.propose_rule", "fund.propose_assets"},
    "VIP_APPROVER": _READ | _REPORTS | _DECIDE | _EXPORT,
    "OPERATOR": _READ | _REPORTS | _OPERATE | _ORACLE,
    "RISK_OFFICER": _READ | _REPORTS | _EXPORT | {"chain.stop_sending", "rebalance.review_plan"},
    "COMPLIANCE": _READ | _REPORTS | _AUDIT | {"accounts.view_*"},
    "FUND_MANAGER": _READ | {"reports.download_report"},
    "VIEWER": _READ | {"reports.download_report"},
    "INVESTOR": frozenset(),
}

STAFF_ROLES = frozenset(ROLES) - {"INVESTOR"}
"""Roles whose holders may sign in to the admin; investors use REST alone."""

ADMINISTRATOR_ROLES = frozenset({"SUPER_ADMIN", "ADMIN"})


def grants(role: str, permission: str) -> bool:
    """Whether the table gives a role a permission, written ``app.codename``."""
    return any(fnmatchcase(permission, pattern) for pattern in ROLES[role])
