"""Beat's ticks: a deployment with only worker and beat still reads and sends, if nobody leads."""

from celery import shared_task

from apps.chain import config as chain_config
from apps.chain.leading import ListenerLead, SenderLead
from apps.core import clock

_TURNS_MAX = 50


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
    """Carry the queue of every chain that nobody sends for."""
    for config in chain_config.chains():
        if not config.signers:
            continue
        lead = SenderLead(config, clock.now)
        if lead.take():
            try:
                lead.sender.step()
            finally:
                lead.give_back()
