"""Fixtures that every test may use."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.apps import apps
from django.db.backends.postgresql.operations import DatabaseOperations
from django.db.models.signals import post_migrate

from devstack.mail import Mail
from tests import installed
from tests.chain_world import committed_world, deployed, world
from tests.journeys.browser import browser, page

__all__ = ["browser", "committed_world", "deployed", "page", "world"]


@pytest.fixture
def mail_server(tmp_path: Path) -> Iterator[Mail]:
    """A real SMTP server where EMAIL_URL points to."""
    server = Mail(tmp_path / "mail", urlsplit(os.environ["EMAIL_URL"]).port or 0)
    server.start()
    yield server
    server.stop()


@pytest.fixture(autouse=True, scope="session")
def flush_leaves_a_fresh_database() -> Iterator[None]:
    """After a transactional test Django truncates every table; two things would go wrong.

    Append-only tables refuse it by trigger, so triggers are off meanwhile; and what migrations put
    in is gone, so it is put in again.
    """
    truncate = DatabaseOperations.execute_sql_flush

    def truncate_without_triggers(self: Any, sql_list: list[str]) -> None:
        off, on = (f"SET session_replication_role = {role}" for role in ("replica", "origin"))
        truncate(self, [off, *sql_list, on])

    def put_rules_in_again(**_kwargs: Any) -> None:
        installed.rules()

    def put_policy_in_again(**_kwargs: Any) -> None:
        installed.policy()

    def put_risk_policy_in_again(**_kwargs: Any) -> None:
        installed.risk_policy()

    def put_report_subscriptions_in_again(**_kwargs: Any) -> None:
        installed.report_subscriptions()

    handlers = {
        "approvals": put_rules_in_again,
        "rebalance": put_policy_in_again,
        "risk": put_risk_policy_in_again,
        "reports": put_report_subscriptions_in_again,
    }
    patch = pytest.MonkeyPatch()
    patch.setattr(DatabaseOperations, "execute_sql_flush", truncate_without_triggers)
    for app, handler in handlers.items():
        post_migrate.connect(handler, sender=apps.get_app_config(app))
    yield
    for app, handler in handlers.items():
        post_migrate.disconnect(handler, sender=apps.get_app_config(app))
    patch.undo()
