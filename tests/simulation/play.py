"""One play: a seed decides what happens, in which order, and what goes wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from apps.accounts.models import User
from apps.approvals.models import Ticket
from apps.approvals.rules import OPEN
from apps.chain.client import Client, NodeTrouble
from apps.chain.client.blocks import NodeLied
from apps.chain.config import ChainConfig
from apps.chain.leading import ListenerLead, SenderLead
from apps.chain.listener import Outcome, Overtaken
from apps.chain.listener.backfill import OtherBranch
from apps.chain.listener.crosscheck import cross_check
from apps.chain.listener.ingest import NotFinal
from apps.chain.listener.rewinding import rewind
from apps.chain.models import UNFINISHED, Cursor, Log, LogStatus, Transaction
from apps.core.actor import Actor
from apps.core.errors import Refused, Unavailable
from apps.redemptions import operations as redemptions
from apps.system.operations.checking import check_rows
from apps.system.operations.replaying import replay
from tests.approvals import helpers as people
from tests.simulation import ledger
from tests.simulation.chain import Chain
from tests.simulation.dying import Death, Died
from tests.simulation.nodes import Mood, Node

START = datetime(2026, 3, 2, 12, tzinfo=UTC)
STEPS = 120
DEEPEST_FORK = 4
BACK_WITHIN = timedelta(seconds=30)
"""A supervisor has a reader that died up again by then."""
_UNDONE = (LogStatus.SEEN, LogStatus.FINAL, LogStatus.FAILED)
INVESTORS = tuple("0x" + f"{number:02x}" * 20 for number in range(0x10, 0x16))


class Play:
    """The world of one seed. ``told`` counts what happened, for people who look at a play."""

    def __init__(self, seed: int, config: ChainConfig) -> None:
        self.rng = Random(seed)  # noqa: S311 - a play must be playable again
        self.config = config
        self.at = START
        self.death = Death()
        self.told: Counter[str] = Counter()
        self.chain = Chain(self.rng, time=int(START.timestamp()))
        self.nodes = {
            url: Node(self.chain, self.rng, simulates=index != 1)
            for index, url in enumerate(config.rpc_urls)
        }
        self.approvers: Sequence[User] = [
            people.person(name, "VIP_APPROVER") for name in ("ana", "ben")
        ]
        self.reader = self._new_reader()
        self.former_reader: ListenerLead | None = None
        self._reader_died_at: datetime | None = None
        self._interlude: tuple[int, Callable[[], None]] | None = None
        self.carrier = self._new_carrier()

    def now(self) -> datetime:
        """The play's own clock."""
        return self.at

    def run(self, steps: int = STEPS) -> None:
        """Play, heal everything, and let it come to rest."""
        actions: list[tuple[int, Callable[[], None]]] = [
            (20, self.invest),
            (20, self.mine),
            (3, self.fork),
            (8, self.upset_a_node),
            (30, self.read),
            (20, self.send),
            (6, self.settle_what_is_due),
            (8, self.vote),
            (2, self.compare_nodes),
            (3, self.check_our_rows),
            (2, self.replace_the_reader),
            (2, self.replace_the_carrier),
            (2, self.let_the_former_reader_try),
            (4, self.overtake_the_reader_in_the_middle),
            (2, self.rewind),
        ]
        weights = [weight for weight, _ in actions]
        for _ in range(steps):
            self.at += timedelta(seconds=self.rng.choice((0, 1, 1, 2, 5, 30)))
            action = self.rng.choices(actions, weights)[0][1]
            self.told[action.__name__] += 1
            action()
        self.come_to_rest()

    # -- the world ------------------------------------------------------------------------------

    def invest(self) -> None:
        """Investors subscribe, move shares, ask for redemption; now and then something odd."""
        owner, other = self.rng.sample(INVESTORS, 2)
        amount = self.rng.randint(1, 40) * ledger.ONE
        effect = self.rng.choices(
            [
                ledger.subscribe(owner, amount * 10),
                ledger.move(owner, other, amount),
                ledger.request(owner, amount, needs_approval=False),
                ledger.request(owner, amount, needs_approval=True),
                ledger.strange(),
            ],
            [5, 4, 3, 3, 1],
        )[0]
        self.chain.ask(owner, effect)

    def mine(self) -> None:
        """A few blocks; nodes hear of them one after another."""
        for _ in range(self.rng.choice((1, 1, 2, 3, 12))):
            self.chain.mine(time=int(self.at.timestamp()))
        self._nodes_follow()

    def fork(self) -> None:
        """Another branch wins, above what is final."""
        self.chain.fork(self.rng.randint(1, DEEPEST_FORK), time=int(self.at.timestamp()))
        self._nodes_follow()

    def upset_a_node(self) -> None:
        """A node begins to behave badly, or well again; one at least stays well."""
        node = self.rng.choice(list(self.nodes.values()))
        node.mood = self.rng.choice(list(Mood))
        if all(one.mood is not Mood.WELL for one in self.nodes.values()):
            self.rng.choice(list(self.nodes.values())).mood = Mood.WELL
        if node.mood is Mood.ASTRAY:
            depth = self.rng.randint(1, DEEPEST_FORK - 1)
            node.tip = self.chain.stray(depth, time=int(self.at.timestamp()))
        self._nodes_follow()

    def _nodes_follow(self) -> None:
        for node in self.nodes.values():
            node.follow()

    # -- our processes --------------------------------------------------------------------------

    def read(self) -> None:
        """The listener takes a turn, and may die anywhere in it."""
        self._reader_died_at = None
        with self._perhaps_dying(self._lose_the_reader):
            self.reader.turn()

    def send(self) -> None:
        """The sender takes a step, and may die anywhere in it."""
        with self._perhaps_dying(self._lose_the_carrier):
            self.carrier.sender.step()

    def settle_what_is_due(self) -> None:
        """The clock's task, sometimes delivered twice."""
        for _ in range(self.rng.choice((1, 1, 2))):
            redemptions.settle_due(self.at)

    def vote(self) -> None:
        """An approver decides a ticket; a second one may come too late."""
        tickets = list(Ticket.objects.filter(status__in=OPEN).order_by("id"))
        if not tickets:
            return
        ticket = self.rng.choice(tickets)
        decision = self.rng.choice(("APPROVE", "APPROVE", "REJECT"))
        reason = "" if decision == "APPROVE" else "the figures do not add up"
        for user in self.rng.sample(self.approvers, self.rng.choice((1, 1, 2))):
            with suppress(Refused):
                people.cast(user, ticket, decision, reason, at=self.at)
                self.told[f"vote {decision}"] += 1

    def compare_nodes(self) -> None:
        """The clock's task that reads what is final again, from another node."""
        self._interlude = (self.rng.randint(1, 12), self._read_in_between)
        with suppress(Unavailable, NodeTrouble, NodeLied, OtherBranch, NotFinal):
            found = cross_check(self.config, self._new_client(), hours=24, clock=self.now)
            self.told["healed"] += found.missing
        self._interlude = None

    def check_our_rows(self) -> None:
        """What must hold at any moment holds now, whoever died before; nobody stays dead."""
        if self._reader_died_at is not None and self.at - self._reader_died_at > BACK_WITHIN:
            self._reader_died_at = None
            with suppress(Unavailable):
                self.reader.turn()
        found = check_rows(chain_id=self.config.chain_id, at=self.at)
        assert not found, found

    def replace_the_reader(self) -> None:
        """A standby takes over while the former leader still believes to lead."""
        self.former_reader = self.reader
        self.reader = self._new_reader()

    def replace_the_carrier(self) -> None:
        """Another process carries the queue on."""
        self.carrier = self._new_carrier()

    def let_the_former_reader_try(self) -> None:
        """A former leader's turn changes nothing."""
        if self.former_reader is None:
            return
        try:
            self.former_reader.turn()
        except Overtaken:
            self.told["fenced"] += 1
        except Unavailable:
            pass
        else:
            raise AssertionError("who was overtaken still took a turn")

    def overtake_the_reader_in_the_middle(self) -> None:
        """The leader pauses between asking and writing, and another one leads and reads."""
        self._interlude = (self.rng.randint(1, 8), self._replace_and_read)
        try:
            self.reader.turn()
        except Overtaken:
            self.told["fenced in the middle"] += 1
        except Unavailable:
            self.told["no node"] += 1
        self._interlude = None

    def rewind(self) -> None:
        """A person forgets the newest blocks, mostly below what was applied, and replays."""
        newest = Cursor.objects.get().next_block - 1
        if newest < 1:
            return
        rewound = rewind(
            self.config,
            to_block=max(newest - self.rng.choice((1, 5, 20, 40)), 0),
            dry_run=False,
            actor=Actor.system("a person"),
            at=self.at,
        )
        if rewound.replay_due:
            self.told["replay"] += 1
            self.reader = self._new_reader()
            assert self.reader.turn().outcome is Outcome.HALTED
            replay(
                chain_id=self.config.chain_id,
                only_if_equal=False,
                progress=lambda _done, _total: None,
                at=self.at,
            )
        self.former_reader, self.reader = self.reader, self._new_reader()

    # -- the end --------------------------------------------------------------------------------

    def come_to_rest(self) -> None:
        """Everything is well again: nothing may stay undone.

        Raises:
            AssertionError: something never came to its end.
        """
        for node in self.nodes.values():
            node.mood = Mood.WELL
        for _ in range(60):
            self.at += timedelta(seconds=150)
            for _ in range(3):
                self.chain.mine(time=int(self.at.timestamp()), most=50)
            for node in self.nodes.values():
                node.tip = self.chain.tip
            self._read_all()
            with suppress(Unavailable):
                self.carrier.sender.step()
            redemptions.settle_due(self.at)
            self.compare_nodes()
            self._retry_what_failed()
            if self._is_at_rest():
                return
        raise AssertionError(f"it never came to rest: {self._what_is_left()}")

    def _read_all(self) -> None:
        for _ in range(200):
            try:
                tick = self.reader.turn()
            except Unavailable:
                self.at += timedelta(seconds=61)
                continue
            assert tick.outcome is not Outcome.HALTED, "no fork went below what was final"
            if tick.behind == 0 and tick.outcome is not Outcome.SUSPECTED:
                return
        raise AssertionError("the listener never came to rest")

    def _retry_what_failed(self) -> None:
        """People send again what a decision wanted and a node spoiled."""
        for ticket in Ticket.objects.filter(execution_status="FAILED"):
            with suppress(Refused):
                redemptions.retry_decision(
                    key=f"{ticket.chain_id}:{ticket.subject_id}",
                    actor=people.actor_of(self.approvers[0]),
                    at=self.at,
                )

    def _is_at_rest(self) -> bool:
        waiting = [
            asked
            for asked in self.chain.tip.state.requests.values()
            if asked.status in (ledger.PENDING, ledger.APPROVED)
        ]
        return (
            not waiting
            and not self.chain.pool
            and not Transaction.objects.filter(status__in=list(UNFINISHED)).exists()
            and not Log.objects.filter(status__in=_UNDONE).exists()
            and not Ticket.objects.filter(execution_status="SENT").exists()
        )

    def _what_is_left(self) -> str:
        transactions = list(
            Transaction.objects.filter(status__in=list(UNFINISHED)).values_list(
                "key", "status", "nonce", "error"
            )
        )
        logs = Log.objects.filter(status__in=_UNDONE).count()
        asked = [a for a in self.chain.tip.state.requests.values() if a.status in (0, 2)]
        return f"{transactions}, {logs} logs, {len(self.chain.pool)} in the pool, {asked}"

    # -- making and losing processes ------------------------------------------------------------

    def _new_reader(self) -> ListenerLead:
        lead = ListenerLead(self.config, self.now, client=self._new_client())
        assert lead.take()
        return lead

    def _new_carrier(self) -> SenderLead:
        lead = SenderLead(self.config, self.now, client=self._new_client())
        assert lead.take()
        return lead

    def _new_client(self) -> Client:
        return Client(self.config, transport=self._answer, clock=self._seconds)

    def _seconds(self) -> float:
        return self.at.timestamp()

    def _answer(self, url: str, requests: Sequence[tuple[str, list[Any]]]) -> list[dict[str, Any]]:
        answers = self.death.step(lambda: self.nodes[url].answer(requests))
        self._interrupt()
        return answers  # type: ignore[no-any-return]

    def _interrupt(self) -> None:
        """Whoever asked pauses with the answer in hand while something else happens."""
        if self._interlude is None:
            return
        left, happening = self._interlude
        self._interlude = (left - 1, happening)
        if left == 1:
            self._interlude = None
            happening()

    def _read_in_between(self) -> None:
        self.told["in between"] += 1
        with suppress(Unavailable):
            self.reader.turn()

    def _replace_and_read(self) -> None:
        self.told["overtaken"] += 1
        if self.rng.random() < 0.5:
            self.mine()
        if self.rng.random() < 0.3:
            self.fork()
        self.replace_the_reader()
        for _ in range(self.rng.choice((0, 1, 3))):
            with suppress(Unavailable):
                self.reader.turn()

    def _lose_the_reader(self) -> None:
        self.reader, self._reader_died_at = self._new_reader(), self.at

    def _lose_the_carrier(self) -> None:
        self.carrier = self._new_carrier()

    @contextmanager
    def _perhaps_dying(self, bury: Callable[[], None]) -> Iterator[None]:
        """Around a turn of a process: trouble with nodes is waited out; who dies is replaced."""
        step = self.rng.randint(1, 120) if self.rng.random() < 0.3 else None
        try:
            with self.death.appointed(step, after=self.rng.random() < 0.5):
                yield
        except Died:
            self.told["died"] += 1
            bury()
        except Unavailable:
            self.told["no node"] += 1
