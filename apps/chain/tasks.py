"""Beat's ticks: a deployment with only worker and beat still reads and sends, if nobody leads."""

import logging

from celery import shared_task

from apps.chain import config as chain_config
from apps.chain.client import Client
from apps.chain.client.blocks import NodeLied
from apps.chain.leading import ListenerLead, sender_leads
from apps.chain.listener import crosscheck
from apps.core import clock
from apps.core.errors import Refused

log = logging.getLogger(__name__)

_TURNS_MAX = 50
_CROSS_CHECK_HOURS = 3.0


@shared_task(name="chain.poll")
def poll() -> None:
    """Read every chain that nobody leads, a bounded number of turns."""
    for config in chain_config.chains():
        lead = ListenerLead(config, clock.now)
        if lead.take():
            try:
                for _ in range(_TURNS_MAX):
                    if lead.turn().behind == 0:
                        break
            finally:
                lead.give_back()


@shared_task(name="chain.send")
def send() -> None:
    """Carry the queue of every key that nobody sends with."""
    for lead in sender_leads(clock.now):
        if lead.take():
            try:
                lead.sender.step()
            finally:
                lead.give_back()


@shared_task(name="chain.cross_check")
def cross_check() -> None:
    """Compare the last hours' events with another node's; one chain's trouble stops no other."""
    for config in chain_config.chains():
        try:
            crosscheck.cross_check(
                config, Client(config), hours=_CROSS_CHECK_HOURS, clock=clock.now
            )
        except (Refused, NodeLied) as trouble:
            log.warning("chain %s: not compared with another node: %s", config.chain_id, trouble)
