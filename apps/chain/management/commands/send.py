"""``manage.py send``: carry queued transactions to the chain; one process leads."""

import logging
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError

from apps.chain import config as chain_config
from apps.chain import loop
from apps.chain.leading import SenderLead
from apps.core import clock

log = logging.getLogger("sender")


class Command(BaseCommand):
    """Sends for the fund's chain until stopped."""

    help = (
        "Carry queued transactions: simulate, sign, broadcast, wait for final. Runs until stopped."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            config = chain_config.fund_chain()
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from error
        stop = loop.Stop()
        if not config.signers:
            log.warning("chain %s has no signer: nothing is sent; idle until stopped", config.name)
            while not stop.asked:
                stop.rest(loop.STANDBY_SECONDS)
            return
        lead = SenderLead(config, clock.now)
        loop.run(
            name=f"sender of chain {config.chain_id}",
            take=lead.take,
            turn=lambda: lead.sender.step() > 0,
            give_back=lead.give_back,
            poll_seconds=settings.SENDER_POLL_SECONDS,
            stop=stop,
        )
