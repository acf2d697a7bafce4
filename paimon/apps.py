"""The composition root as a Django app, and the admin it serves."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.core.exceptions import ImproperlyConfigured


class PaimonConfig(AppConfig):
    """Loads the Celery app so that tasks bind to it, and registers what lower apps cannot know."""

    name = "paimon"

    def ready(self) -> None:
        from apps.accounts import operations as accounts
        from apps.chain import queries as chain
        from apps.core import display
        from paimon import celery, panels

        celery.app.finalize()
        panels.register()
        accounts.use_contract_wallet_verifier(chain.contract_wallet_accepts)
        display.use_explorer(
            display.Explorer(
                tx_url=chain.explorer_tx_url,
                address_url=chain.explorer_address_url,
                default_chain_id=_fund_chain_id,
            )
        )


def _fund_chain_id() -> int | None:
    from apps.chain import queries as chain

    try:
        return chain.fund_chain().chain_id
    except ImproperlyConfigured:
        return None  # the strip above each page says why; an address is then shown without a link


class PaimonAdminConfig(AdminConfig):
    """The admin site that asks every member of staff for a second factor."""

    default_site = "apps.core.admin_site.PaimonAdminSite"
