"""``manage.py send``: carry queued transactions to the chains; one process leads each key."""

import logging
import threading
from typing import Any

from django import db
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError

from apps.chain import loop
from apps.chain.leading import SenderLead, sender_leads
from apps.core import clock

log = logging.getLogger("sender")


class Command(BaseCommand):
    """Sends with every configured key until stopped."""

    help = (
        "Carry queued transactions: simulate, sign, broadcast, wait for final. Runs until stopped."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            leads = sender_leads(clock.now)
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from error
        stop = loop.Stop()
        if not leads:
            log.warning("no chain has a signer: nothing is sent; idle until stopped")
        threads = [
            threading.Thread(
                target=_send,
                args=(lead, stop),
                name=f"sender-{lead.config.chain_id}-{lead.signer.name}",
            )
            for lead in leads
        ]
        for thread in threads:
            thread.start()
        while not stop.asked:
            stop.rest(loop.STANDBY_SECONDS)
        for thread in threads:
            thread.join()


def _send(lead: SenderLead, stop: loop.Stop) -> None:
    name = f"signer {lead.signer.name} of chain {lead.config.chain_id}"

    def take() -> bool:
        if not lead.take():
            return False
        trouble = lead.sender.check_key()
        if trouble:
            log.error("%s cannot sign: %s", name, trouble)
        return True

    try:
        loop.run(
            name=name,
            take=take,
            turn=lambda: lead.sender.step() > 0,
            give_back=lead.give_back,
            poll_seconds=settings.SENDER_POLL_SECONDS,
            stop=stop,
        )
    finally:
        db.connection.close()
