"""What migrations put into a new database, put in again after a test has flushed it."""

import importlib

from django.apps import apps

from tests.forcing import guards_off


def rules() -> None:
    """The approval rules of a new installation."""
    if apps.get_model("approvals", "Rule").objects.exists():
        return
    with guards_off():  # they came before what guards them
        importlib.import_module("apps.approvals.migrations.0003_default_rules").create(apps, None)
        conditions = importlib.import_module("apps.approvals.migrations.0004_rules_that_approve")
        conditions.let_rules_approve(apps, None)


def policy() -> None:
    """The first policy of rebalancing."""
    if not apps.get_model("rebalance", "Policy").objects.exists():
        importlib.import_module("apps.rebalance.migrations.0003_first_policy").create(apps, None)


def risk_policy() -> None:
    """The first thresholds of risk."""
    if not apps.get_model("risk", "Policy").objects.exists():
        importlib.import_module("apps.risk.migrations.0002_first_policy").create(apps, None)


def report_subscriptions() -> None:
    """Who receives the reports about risk."""
    if not apps.get_model("reports", "ReportSubscription").objects.exists():
        importlib.import_module("apps.reports.migrations.0006_risk_subscriptions").add(apps, None)
