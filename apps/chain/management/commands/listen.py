"""``manage.py listen``: read the chains, one process leading each, others standing by."""

import logging
import threading
from argparse import ArgumentParser
from typing import Any

from django import db
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError

from apps.chain import config as chain_config
from apps.chain import loop
from apps.chain.client import ChainUnavailable
from apps.chain.client.blocks import NodeLied
from apps.chain.client.heads import HeadWatcher
from apps.chain.config import BadChainFile, ChainConfig
from apps.chain.leading import ListenerLead
from apps.chain.listener import check_chain
from apps.core import clock

log = logging.getLogger("listener")

SILENCE_SECONDS_MIN = 30.0
SILENCE_BLOCKS = 20
"""A socket that tells of no block for so long is left for the next."""


class Command(BaseCommand):
    """Reads every configured chain until stopped."""

    help = "Read the chains: store logs, follow reorgs, apply what is final. Runs until stopped."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--chain", type=int, help="only this chain id")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            configs = chain_config.chains()
            if options["chain"] is not None:
                configs = (chain_config.chain(options["chain"]),)
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from error
        if not configs:
            raise CommandError(f"{settings.CHAIN_FILE} names no chain.")
        stop = loop.Stop()
        threads = [
            threading.Thread(target=_read, args=(config, stop), name=f"chain-{config.chain_id}")
            for config in configs[1:]
        ]
        for thread in threads:
            thread.start()
        try:
            _read(configs[0], stop)
        except BadChainFile as error:
            stop.ask()  # else the other chains' threads would keep the process alive
            raise CommandError(str(error)) from error
        for thread in threads:
            thread.join()


def _read(config: ChainConfig, stop: loop.Stop) -> None:
    lead = ListenerLead(config, clock.now)
    while not stop.asked:
        try:
            check_chain(config, lead.client)
            break
        except (ChainUnavailable, NodeLied) as trouble:
            log.warning("chain %s: %s Trying again.", config.chain_id, trouble)
            stop.rest(loop.STANDBY_SECONDS)
    news = stop.alarm()
    heads = HeadWatcher(
        config.ws_urls,
        silence_seconds=max(SILENCE_SECONDS_MIN, SILENCE_BLOCKS * config.block_time_seconds),
    )
    heads.start(news)
    try:
        loop.run(
            name=f"listener of chain {config.chain_id}",
            take=lead.take,
            turn=lambda: lead.turn().behind > 0,
            give_back=lead.give_back,
            poll_seconds=settings.LISTENER_POLL_SECONDS,
            stop=stop,
            alarm=news,
        )
    finally:
        heads.stop()
        db.connection.close()
