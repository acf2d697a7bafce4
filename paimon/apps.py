"""The composition root as a Django app, and the admin it serves."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class PaimonConfig(AppConfig):
    """Loads the Celery app so that tasks bind to it, and registers what lower apps cannot know."""

    name = "paimon"

    def ready(self) -> None:
        from apps.chain import queries as chain
        from apps.core import display
        from paimon import celery, panels

        celery.app.finalize()
        panels.register()
        display.use_explorer(
            display.Explorer(
                tx_url=chain.explorer_tx_url,
                address_url=chain.explorer_address_url,
                default_chain_id=lambda: chain.fund_chain().chain_id,
            )
        )


class PaimonAdminConfig(AdminConfig):
    """The admin site that asks every member of staff for a second factor."""

    default_site = "apps.core.admin_site.PaimonAdminSite"
