"""The composition root as a Django app, and the admin it serves."""

from typing import TYPE_CHECKING

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.core.exceptions import ImproperlyConfigured

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from apps.chain.operations import TradeQuestion
    from apps.reports.datasets.incident_inputs import Message
    from apps.risk.queries import Delivery


class PaimonConfig(AppConfig):
    """Loads the Celery app so that tasks bind to it, and registers what lower apps cannot know."""

    name = "paimon"

    def ready(self) -> None:
        from apps.accounts import operations as accounts
        from apps.chain import operations as chain_operations
        from apps.chain import queries as chain
        from apps.core import display
        from apps.oracle import queries as oracle
        from apps.reports import datasets as report_data
        from apps.risk import queries as risk
        from paimon import celery, panels

        celery.app.finalize()
        panels.register()
        accounts.use_contract_wallet_verifier(chain.contract_wallet_accepts)
        chain_operations.use_trade_guard(_why_not_trade)
        oracle.use_names(_symbols)
        report_data.use_messages(_messages)
        risk.use_deliveries(_deliveries)
        display.use_explorer(
            display.Explorer(
                tx_url=chain.explorer_tx_url,
                address_url=chain.explorer_address_url,
                default_chain_id=_fund_chain_id,
            )
        )


def _why_not_trade(question: "TradeQuestion") -> str:
    """Prices behind a trade are known, fresh and agreed, or it does not leave."""
    from apps.fund import queries as fund

    return fund.trade_refusal(
        chain_id=question.chain_id,
        kind=question.kind,
        subject_id=question.subject_id,
        at=question.at,
    )


def _symbols(chain_id: int) -> "Mapping[str, str]":
    """What the fund calls its assets, those of before too."""
    from apps.fund import queries as fund

    return fund.symbols(chain_id=chain_id)


def _messages(start: "datetime", end: "datetime") -> "list[Message]":
    """What people were told, for the report of an incident; that a report is ready is no news."""
    from apps.notifications.queries import told_between
    from apps.reports.datasets.incident_inputs import Message

    return [
        Message(
            at=told.at,
            subject=told.subject,
            severity=told.severity,
            channels=tuple(told.channels),
            sent=told.sent,
            failed=told.failed,
        )
        for told in told_between(start=start, end=end, without=["REPORT_READY"])
    ]


def _deliveries(event_id: int) -> "list[Delivery]":
    """What became of the messages about a risk event, for its page."""
    from apps.notifications import queries as notifications
    from apps.risk.queries import Delivery

    found = notifications.outcomes(prefix=f"risk:event:{event_id}:")
    return [
        Delivery(
            at=one.at,
            subject=one.subject,
            channel=one.channel,
            addressed=one.addressed,
            arrived=one.arrived,
            lost=one.lost,
            waiting=one.waiting,
            error=one.error,
        )
        for one in found
    ]


def _fund_chain_id() -> int | None:
    from apps.chain import queries as chain

    try:
        return chain.fund_chain().chain_id
    except ImproperlyConfigured:
        return None  # the strip above each page says why; an address is then shown without a link


class PaimonAdminConfig(AdminConfig):
    """The admin site that asks every member of staff for a second factor."""

    default_site = "apps.core.admin_site.PaimonAdminSite"
