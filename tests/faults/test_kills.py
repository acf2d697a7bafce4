"""kill -9 of our processes at random moments, and an emptied Redis, while the fund lives.

The whole product runs as in the demo. Investors act on the chain, an approver decides in the admin
over HTTP. Afterwards the chain is the oracle: nothing is lost, nothing is there twice.
"""

import json
import os
import random
import signal
import time
from collections import Counter
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis
import requests

from devnet.accounts import INVESTORS, STAFF
from devnet.live import live_step
from devnet.scenario import Scenario
from devstack.console import Console
from devstack.errors import DevError
from devstack.management import manage
from devstack.person import Person
from devstack.product import ANY_PORTS, Product, running_product

pytestmark = [pytest.mark.faults, pytest.mark.chain]

SEED = int(os.environ.get("PAIMON_FAULT_SEED", "20261122"))
STORM_SECONDS = 40.0
CALM_SECONDS_MAX = 120.0
VICTIMS = ("listener", "sender", "worker", "worker-critical", "web", "beat")


class Approver:
    """Decides whatever waits, again and again, whether or not the web server answers."""

    def __init__(self, product: Product) -> None:
        wallets = {actor.address.lower(): actor.account for actor in STAFF}
        member = next(m for m in product.staff if "VIP_APPROVER" in m.roles)
        self._person = Person(member, product.url, wallets[member.wallet.lower()])
        self._product = product
        self._signed_in = False
        self.votes_sent: Counter[int] = Counter()

    def decide_all(self) -> None:
        """Vote on every open ticket; trouble of the web server leaves it for the next time."""
        try:
            if not self._signed_in:
                self._person.sign_in()
                self._signed_in = True
            for ticket_id in open_tickets(self._product):
                self._vote(ticket_id)
        except (requests.RequestException, DevError):
            return

    def _vote(self, ticket_id: int) -> None:
        path = f"/admin/approvals/ticket/{ticket_id}/change/"
        form = next((f for f in self._person.forms(path) if f.sign_url), None)
        if form is not None:
            self.votes_sent[ticket_id] += 1
            self._person.submit(form, page=path, decision="APPROVE", reason="fine")


def rows(product: Product, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with psycopg.connect(product.services.database_url, autocommit=True) as connection:
        return connection.execute(sql, parameters).fetchall()  # type: ignore[arg-type]


def open_tickets(product: Product) -> list[int]:
    found = rows(
        product,
        "SELECT id FROM approvals_ticket WHERE status IN ('PENDING', 'PARTIALLY_APPROVED')",
    )
    return [row[0] for row in found]


def kill(product: Product, name: str) -> None:
    identity = product.supervisor.processes.get(name)
    if identity is not None and identity.is_alive():
        os.killpg(identity.pid, signal.SIGKILL)


def is_calm(product: Product, scenario: Scenario) -> bool:
    """Everything of the chain is applied, every question answered, every transaction ended."""
    [(final,)] = rows(product, "SELECT max(final_number) FROM chain_cursor")
    if final is None or final < scenario.chain.block().number - 20:
        return False
    waiting = rows(
        product,
        "SELECT 1 FROM chain_log WHERE status IN ('FINAL', 'FAILED') "
        "UNION ALL SELECT 1 FROM chain_transaction WHERE finished_at IS NULL "
        "UNION ALL SELECT 1 FROM redemptions_redemption WHERE status = 'PENDING_APPROVAL'",
    )
    return not waiting and not open_tickets(product)


def storm(product: Product, scenario: Scenario, approver: Approver) -> Counter[str]:
    """Life on chain, an approver at work, and a kill every second or two."""
    rng = random.Random(SEED)  # noqa: S311 - a storm, not a secret
    killed: Counter[str] = Counter()
    started = time.monotonic()
    flushed = False
    victims: list[str] = []
    next_kill = started + 2
    while (elapsed := time.monotonic() - started) < STORM_SECONDS:
        live_step(scenario, rng)
        if rng.random() < 0.25:
            scenario.request_above_approval_threshold(rng.choice(INVESTORS[:8]))
        approver.decide_all()
        if time.monotonic() >= next_kill:
            victims = victims or rng.sample(VICTIMS, len(VICTIMS))
            victim = victims.pop()
            kill(product, victim)
            killed[victim] += 1
            next_kill = time.monotonic() + rng.uniform(0.5, 2.0)
        if not flushed and elapsed > STORM_SECONDS / 2:
            redis.Redis.from_url(product.services.redis_url).flushall()
            flushed = True
    return killed


def wait_for_calm(product: Product, scenario: Scenario, approver: Approver) -> None:
    deadline = time.monotonic() + CALM_SECONDS_MAX
    while not is_calm(product, scenario):
        assert time.monotonic() < deadline, "the product did not come to rest after the storm"
        approver.decide_all()
        time.sleep(0.5)


def test_kill_9_loses_and_doubles_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The product brings servers of its own.
    monkeypatch.delenv("DATABASE_URL")
    monkeypatch.delenv("REDIS_URL")
    directory = tmp_path / "product"
    with running_product(
        directory, Console(), fresh=True, ports=ANY_PORTS, days_behind=9
    ) as product:
        scenario = Scenario.connect(product.chain.chain_file)
        approver = Approver(product)

        killed = storm(product, scenario, approver)
        wait_for_calm(product, scenario, approver)

        print(f"killed {dict(killed)}, votes sent {sum(approver.votes_sent.values())}")
        assert set(killed) == set(VICTIMS)
        assert_events_equal_the_chain(product, scenario)
        assert_state_equals_the_chain(product, scenario)
        assert_each_question_was_asked_and_answered_once(product)
        assert_each_transaction_happened_once(product, scenario)
        manage(product.environment, "verify_audit")


def assert_events_equal_the_chain(product: Product, scenario: Scenario) -> None:
    events = json.loads(manage(product.environment, "events", "--json"))
    stored = [(e["blockHash"], e["logIndex"]) for e in events if e["status"] != "ORPHANED"]
    newest = max(e["blockNumber"] for e in events)
    on_chain = scenario.chain.rpc.call(
        "eth_getLogs",
        {
            "fromBlock": "0x0",
            "toBlock": hex(newest),
            "address": sorted({e["contract"]["address"] for e in events}),
        },
    )
    assert len(stored) == len(set(stored))
    assert set(stored) == {(log["blockHash"], int(log["logIndex"], 16)) for log in on_chain}


def assert_state_equals_the_chain(product: Product, scenario: Scenario) -> None:
    state = json.loads(manage(product.environment, "state", "--json"))
    block = state["block"]["number"]
    for holder in state["holders"]:
        assert int(holder["balance"]) == scenario.vault.read(
            "balanceOf", holder["address"], block=block
        )
    words = {0: "PENDING", 1: "PENDING_APPROVAL", 2: "APPROVED", 3: "SETTLED", 4: "CANCELLED"}
    for ours in state["redemptions"]:
        theirs = scenario.manager.read("getRedemptionRequest", int(ours["requestId"]), block=block)
        status = theirs[9] if isinstance(theirs, (list, tuple)) else theirs["status"]
        # The contract has no word for a rejection: it ends as cancelled.
        assert ours["status"].replace("REJECTED", "CANCELLED") == words[status]


def assert_each_question_was_asked_and_answered_once(product: Product) -> None:
    doubled = rows(
        product,
        "SELECT kind, subject_id, count(*) FROM approvals_ticket GROUP BY 1, 2 HAVING count(*) > 1",
    )
    assert not doubled
    unasked = rows(
        product,
        "SELECT r.request_id FROM redemptions_redemption r JOIN chain_transaction t"
        " ON t.subject_id = r.request_id::text AND t.kind = 'APPROVE_REDEMPTION'"
        " WHERE t.ticket_id IS NULL",
    )
    assert not unasked
    votes = rows(
        product, "SELECT ticket_id, user_id FROM approvals_vote GROUP BY 1, 2 HAVING count(*) > 1"
    )
    assert not votes


def assert_each_transaction_happened_once(product: Product, scenario: Scenario) -> None:
    ends = Counter(
        row[0]
        for row in rows(product, "SELECT status FROM chain_transaction WHERE nonce IS NOT NULL")
    )
    assert set(ends) <= {"FINAL", "REVERTED"}, ends
    [(next_nonce, address)] = rows(
        product, "SELECT next_nonce, address FROM chain_signeraccount WHERE tier = 'HOT'"
    )
    assert next_nonce == int(
        scenario.chain.rpc.call("eth_getTransactionCount", address, "latest"), 16
    )
    assert sum(ends.values()) == next_nonce
    approvals = Counter(
        row[0]
        for row in rows(
            product,
            "SELECT args->>'requestId' FROM chain_log"
            " WHERE event = 'RedemptionApproved' AND status = 'APPLIED'",
        )
    )
    assert not [request for request, times in approvals.items() if times > 1]
