"""What is looked at again when bytes leave, and whom they reach."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from apps.chain import operations
from apps.chain.models import Transaction, TransactionStatus
from apps.chain.sender import broadcasting, relays
from apps.core import clock
from devnet.investing import Requested
from tests.chain.sender.helpers import (
    SYSTEM,
    HandClock,
    again,
    last_attempt,
    mine_by_hand,
    new_sender,
    submit,
)
from tests.chain_world import World
from tests.forcing import guards_off

pytestmark = [pytest.mark.chain, pytest.mark.django_db]


@contextmanager
def relay(answer: Any, *, drips: bool = False) -> Iterator[tuple[str, list[Any]]]:
    """A server that knows nothing but single requests, with the bodies it was given."""
    heard: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            heard.append(body)
            said = answer
            if not isinstance(body, dict) or body["method"] != "eth_sendRawTransaction":
                said = {"jsonrpc": "2.0", "id": None, "error": {"code": -32600, "message": "no"}}
            self.send_response(200)
            self.end_headers()
            with suppress(OSError):
                for byte in json.dumps(said).encode() * (200 if drips else 1):
                    self.wfile.write(bytes([byte]))
                    if drips:
                        self.wfile.flush()
                        time.sleep(0.02)

        def log_message(self, *_args: Any) -> None:
            """Not of interest."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/key-abcdef", heard
    finally:
        server.shutdown()
        server.server_close()


TAKEN = {"jsonrpc": "2.0", "id": 1, "result": "0x" + "00" * 32}


class TestRelays:
    def test_get_one_bare_request(self, world: World, large: Requested) -> None:
        mine_by_hand(world)
        row = submit(large.id)
        with guards_off():
            Transaction.objects.update(trades=True)
        with relay(TAKEN) as (url, heard), relay(TAKEN) as (other, _):
            config = replace(world.config, private_relays=(url, other))
            new_sender(world, config=config).step()

        sent = last_attempt(row)
        assert [(body["method"], body["params"]) for body in heard] == [
            ("eth_sendRawTransaction", [sent.raw])
        ]
        assert sent.last_error == ""
        assert sent.sent_to.count("http://127.0.0.1") == 2
        assert "key-abcdef" not in sent.sent_to

    def test_a_refusal_is_kept_in_words_that_can_be_stored(self) -> None:
        error = {"code": -32000, "message": "no\x00nce too low for key-abcdef"}
        with relay({"jsonrpc": "2.0", "id": 1, "error": error}) as (url, _):
            handed = relays.hand_over(url, "0x02", seconds=2)

        assert handed == "no\ufffdnce too low for \u2026"

    @pytest.mark.parametrize("nonsense", [[], "no", {"id": 1}, None])
    def test_nonsense_is_no_answer(self, nonsense: Any) -> None:
        with relay(nonsense) as (url, _), pytest.raises(relays.NoAnswer):
            relays.hand_over(url, "0x02", seconds=2)

    def test_one_that_drips_is_left(self) -> None:
        begun = time.monotonic()
        with relay(TAKEN, drips=True) as (url, _), pytest.raises(relays.NoAnswer):
            relays.hand_over(url, "0x02", seconds=0.5)

        assert time.monotonic() - begun < 3

    def test_what_cancels_may_be_seen_and_goes_everywhere(
        self, world: World, large: Requested
    ) -> None:
        """Relays that swallow everything would else hold all later nonces for ever."""
        mine_by_hand(world)
        row = submit(large.id)
        with guards_off():
            Transaction.objects.update(trades=True)
        with relay(TAKEN) as (url, heard), relay(TAKEN) as (other, _):
            config = replace(world.config, private_relays=(url, other))
            sender = new_sender(world, config=config)
            sender.step()
            operations.cancel_transaction(
                transaction_id=row.pk, reason="not now", actor=SYSTEM, at=clock.now()
            )
            sender.step()
        world.scenario.mine(1)
        world.finalise()
        sender.step()

        assert len(heard) == 2
        assert again(row).status == TransactionStatus.CANCELLED


class TestLastLook:
    def test_what_is_to_be_cancelled_is_not_sent_again(
        self, world: World, large: Requested
    ) -> None:
        """The cancel cannot be paid for now; the call itself must not come back to life."""
        mine_by_hand(world)
        at = HandClock()
        sender = new_sender(world, at)
        row = submit(large.id)
        sender.step()
        world.scenario.chain.rpc.call("anvil_dropTransaction", last_attempt(row).tx_hash)
        with guards_off():
            row.attempts.update(max_fee_per_gas=95 * 10**9)
        operations.cancel_transaction(
            transaction_id=row.pk, reason="not now", actor=SYSTEM, at=clock.now()
        )
        at.advance(11)
        sender.step()

        assert last_attempt(row).sends == 1
        assert (
            world.scenario.chain.rpc.call("eth_getTransactionByHash", last_attempt(row).tx_hash)
            is None
        )

    def test_bytes_that_never_left_before_the_deadline_never_do(
        self, world: World, large: Requested, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """They waited behind a stop for a day: the world that they were tried in is gone."""
        at = HandClock()
        sender = new_sender(world, at)
        row = submit(large.id)
        with monkeypatch.context() as patch:
            patch.setattr(broadcasting, "send", lambda _desk, intent: intent)
            sender.step()
        at.advance(timedelta(hours=24, minutes=1).total_seconds())
        sender.step()

        assert again(row).cancel_reason.startswith("It was not signed by ")
        assert list(row.attempts.order_by("id").values_list("kind", "sends")) == [
            ("ORIGINAL", 0),
            ("CANCEL", 1),
        ]
