"""What is looked at again when bytes are made: people may have changed their minds meanwhile."""

from datetime import timedelta
from typing import Any

import pytest

from apps.chain import operations
from apps.chain.models import Transaction, TransactionStatus
from apps.chain.rules import scopes
from apps.chain.sender import Sender, signing
from apps.core import clock
from devnet.investing import Requested
from tests.chain.sender.helpers import (
    CHAIN,
    SYSTEM,
    HandClock,
    again,
    mine_by_hand,
    new_sender,
    submit,
)
from tests.chain_world import World

pytestmark = [pytest.mark.chain, pytest.mark.django_db]


def step_up_to_signing(sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    """The nonce is taken, and the process rests before it signs."""
    with monkeypatch.context() as patch:
        patch.setattr(signing, "sign", lambda _desk, row: row)
        sender.step()


def kinds(row: Transaction) -> list[str]:
    return list(row.attempts.order_by("id").values_list("kind", flat=True))


class TestSign:
    def test_a_cancel_asked_for_while_the_key_works_is_not_lost(
        self, world: World, large: Requested, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        mine_by_hand(world)
        row = submit(large.id)
        real = signing.make

        def and_a_person_cancels(*args: Any) -> Any:
            made = real(*args)
            if not again(row).cancel_reason:
                operations.cancel_transaction(
                    transaction_id=row.pk, reason="not now", actor=SYSTEM, at=clock.now()
                )
            return made

        monkeypatch.setattr(signing, "make", and_a_person_cancels)
        sender = new_sender(world)
        sender.step()
        sender.step()

        assert again(row).cancel_reason == "not now"
        assert kinds(row) == ["CANCEL"]

    def test_what_has_a_nonce_but_missed_its_deadline_spends_it_on_nothing(
        self, world: World, large: Requested, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        at = HandClock()
        sender = new_sender(world, at)
        row = submit(large.id)
        step_up_to_signing(sender, monkeypatch)
        at.advance(timedelta(hours=24, minutes=1).total_seconds())
        sender.step()

        assert kinds(row) == ["CANCEL"]
        assert again(row).error.startswith("It was not signed by ")

    def test_a_stopped_signer_signs_nothing(
        self, world: World, large: Requested, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sender = new_sender(world)
        row = submit(large.id)
        step_up_to_signing(sender, monkeypatch)
        operations.stop_sending(
            scope=scopes.of_signer(CHAIN, sender.signer.address),
            reason="the key leaked",
            actor=SYSTEM,
            at=clock.now(),
        )
        sender.step()

        assert again(row).status == TransactionStatus.SIGNING
        assert "the key leaked" in again(row).error
        assert kinds(row) == []
