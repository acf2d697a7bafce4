"""The composition root as a Django app, and the admin it serves."""

from typing import TYPE_CHECKING

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.core.exceptions import ImproperlyConfigured

if TYPE_CHECKING:
    from collections.abc import Mapping

    from apps.chain.operations import TradeQuestion


class PaimonConfig(AppConfig):
    """Loads the Celery app so that tasks bind to it, and registers what lower apps cannot know."""

    name = "paimon"

    def ready(self) -> None:
        from apps.accounts import operations as accounts
        from apps.chain import operations as chain_operations
        from apps.chain import queries as chain
        from apps.core import display
        from apps.oracle import queries as oracle
        from paimon import celery, panels

        celery.app.finalize()
        panels.register()
        accounts.use_contract_wallet_verifier(chain.contract_wallet_accepts)
        chain_operations.use_trade_guard(_why_not_trade)
        oracle.use_names(_symbols)
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


def _fund_chain_id() -> int | None:
    from apps.chain import queries as chain

    try:
        return chain.fund_chain().chain_id
    except ImproperlyConfigured:
        return None  # the strip above each page says why; an address is then shown without a link


class PaimonAdminConfig(AdminConfig):
    """The admin site that asks every member of staff for a second factor."""

    default_site = "apps.core.admin_site.PaimonAdminSite"
