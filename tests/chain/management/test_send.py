"""``manage.py send``: one loop for each key, and a sentence where a key is out of reach."""

import logging
import threading
from collections.abc import Callable
from dataclasses import replace

import pytest
from django.core.management import call_command

from apps.chain import leading, loop
from apps.chain.config import ChainConfig, SignerTier
from apps.chain.models import SignerAccount, TransactionStatus
from apps.chain.signer.keys import key_of
from apps.core import clock
from devnet.accounts import INVESTORS
from devnet.fund import usdt
from tests.chain.sender.helpers import again, submit
from tests.chain_world import World

pytestmark = [pytest.mark.chain, pytest.mark.django_db(transaction=True)]


class _Stop:
    """Ends the loops as soon as a condition is met."""

    def __init__(self, met: Callable[[], bool]) -> None:
        self._met, self._asked = met, threading.Event()

    @property
    def asked(self) -> bool:
        if self._met():
            self._asked.set()
        return self._asked.is_set()

    def rest(self, seconds: float) -> None:
        self._asked.wait(min(seconds, 0.05))


def with_second_key(config: ChainConfig) -> ChainConfig:
    [key] = [signer for signer in config.signers if signer.tier is SignerTier.HOT]
    return replace(config, signers=(key, replace(key, name="second", address="0x" + "22" * 20)))


class TestLeads:
    def test_are_one_for_each_key(
        self, committed_world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        config = with_second_key(committed_world.config)
        monkeypatch.setattr(leading.chain_config, "chains", lambda: (config,))

        leads = leading.sender_leads(clock.now)

        assert [lead.signer.name for lead in leads] == ["operations", "second"]
        assert all(lead.take() for lead in leads)
        assert len({lead.sender.desk.signer.address for lead in leads}) == 2
        for lead in leads:
            lead.give_back()


class TestCommand:
    def test_sends_what_is_queued(
        self, committed_world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        world = committed_world
        world.scenario.subscribe(INVESTORS[0], usdt(9_000_000))
        asked = world.scenario.request_above_approval_threshold(INVESTORS[0])
        world.finalise()
        row = submit(asked.id)
        stop = _Stop(lambda: again(row).status == TransactionStatus.BROADCAST)
        monkeypatch.setattr(loop, "Stop", lambda: stop)

        call_command("send")

        assert again(row).status == TransactionStatus.BROADCAST

    def test_says_at_its_start_which_key_is_out_of_reach(
        self,
        committed_world: World,
        monkeypatch: pytest.MonkeyPatch,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        monkeypatch.delenv("PAIMON_SIGNER_PASSWORD")
        key_of.cache_clear()
        stop = _Stop(SignerAccount.objects.exclude(trouble="").exists)
        monkeypatch.setattr(loop, "Stop", lambda: stop)

        with caplog.at_level(logging.ERROR, logger="sender"):
            call_command("send")

        assert "cannot sign: PAIMON_SIGNER_PASSWORD is not set" in caplog.text
        assert "is not set" in SignerAccount.objects.exclude(trouble="").get().trouble
