"""The one table of who may do what.

A role is a Django group; after each migration its permissions are made to equal this table.
``app.view_*`` stands for all the view permissions of an app. Nobody has more than their roles
give: there are no superusers.
"""

from fnmatch import fnmatchcase

_READ = frozenset(
    {
        "fund.view_*",
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
_OPERATE = frozenset(
    {
        "redemptions.settle_redemption",
        "redemptions.export_redemption",
        "approvals.cancel_ticket",
        "notifications.resend_notification",
        "chain.retry_log",
        "chain.manage_transaction",
        "chain.stop_sending",
    }
)
_DECIDE = frozenset({"approvals.decide_ticket", "chain.confirm_safeproposal"})

ROLES: dict[str, frozenset[str]] = {
    "SUPER_ADMIN": _READ
    | _REPORTS
    | _PEOPLE
    | _AUDIT
    | _OPERATE
    | _DECIDE
    | {"system.view_*", "chain.propose_limits", "approvals.propose_rule"},
    "ADMIN": _READ
    | _REPORTS
    | _PEOPLE
    | _AUDIT
    | _DECIDE
    | (_OPERATE - {"redemptions.settle_redemption"})
    | {"system.view_*", "chain.propose_limits", "approvals.propose_rule"},
    "VIP_APPROVER": _READ | _REPORTS | _DECIDE | {"redemptions.export_redemption"},
    "OPERATOR": _READ | _REPORTS | _OPERATE,
    "RISK_OFFICER": _READ | _REPORTS | {"redemptions.export_redemption", "chain.stop_sending"},
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
