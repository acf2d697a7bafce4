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
        "risk.view_*",
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
_EXPORT = frozenset(
    {"redemptions.export_redemption", "rebalance.export_plan", "risk.export_riskevent"}
)
_EMERGENCY = frozenset({"risk.open_incident", "risk.work_incident"})
_OPERATE = (
    _EXPORT
    | _EMERGENCY
    | frozenset(
        {
            "redemptions.settle_redemption",
            "rebalance.preview_plan",
            "rebalance.submit_plan",
            "approvals.cancel_ticket",
            "notifications.resend_notification",
            "chain.retry_log",
            "chain.manage_transaction",
            "chain.stop_sending",
            "fund.propose_fees",
        }
    )
)
_ORACLE = frozenset({"oracle.view_*"})
_DECIDE = frozenset({"approvals.decide_ticket", "chain.confirm_safeproposal"})
_REVIEW = frozenset({"rebalance.review_plan", "risk.answer_riskevent"})
_CONFIGURE = frozenset(
    {
        "approvals.propose_rule",
        "chain.propose_limits",
        "fund.propose_assets",
        "oracle.propose_source",
        "rebalance.propose_policy",
        "risk.propose_policy",
    }
)
_ADMINISTER = (
    _READ
    | _REPORTS
    | _PEOPLE
    | _AUDIT
    | _ORACLE
    | _DECIDE
    | _REVIEW
    | _CONFIGURE
    | frozenset({"system.view_*"})
)

ROLES: dict[str, frozenset[str]] = {
    "SUPER_ADMIN": _ADMINISTER | _OPERATE,
    "ADMIN": _ADMINISTER | (_OPERATE - {"redemptions.settle_redemption"}),
    "VIP_APPROVER": _READ | _REPORTS | _DECIDE | _EXPORT,
    "OPERATOR": _READ | _REPORTS | _OPERATE | _ORACLE,
    "RISK_OFFICER": _READ
    | _REPORTS
    | _EXPORT
    | _REVIEW
    | _EMERGENCY
    | {"chain.stop_sending", "risk.propose_policy"},
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
