"""One large redemption from request to report, then a rebalancing, through the real processes and
pages.

The investor and the clock act on the chain; staff act in the admin as people do. Each step waits
for what people would see, with a bound, and its time is told.
"""

import io
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from openpyxl import load_workbook
from pypdf import PdfReader

from devnet.accounts import APPROVER_1, INVESTORS, STAFF
from devnet.investing import Requested
from devnet.safe import OWNERS, THRESHOLD
from devnet.scenario import DAY_SECONDS, Scenario
from devstack.console import Console
from devstack.errors import DevError
from devstack.life import Life
from devstack.looking import until
from devstack.mail import messages_in
from devstack.management import StaffMember, manage
from devstack.observer import Observer
from devstack.person import PageError, Person, text_of
from devstack.product import Product
from devstack.program import Program, Subscriber
from devstack.rebalancing import Rebalancing

CHANNEL_STANDARD = 0
SETTLED_ON_CHAIN = 3
SETTLEMENT_DAYS = 7
SEEN_SECONDS_MAX = 10.0
BLOCK_TO_ROW_P99_SECONDS_MAX = 2.0
FINAL_TO_APPLIED_P99_SECONDS_MAX = 1.0

_TICKET_LINK = re.compile(r"/admin/approvals/ticket/(\d+)/change/")


@dataclass
class Journey:
    """What the steps share."""

    product: Product
    scenario: Scenario
    console: Console
    approver: Person
    operator: Person
    administrators: list[Person]

    @classmethod
    def begin(cls, product: Product, console: Console) -> "Journey":
        """Take staff with each role, with their wallets at hand."""
        wallets = {actor.address.lower(): actor.account for actor in STAFF}

        def person(member: StaffMember) -> Person:
            return Person(member, product.url, wallets.get(member.wallet.lower()))

        owners = {actor.address.lower() for actor in OWNERS}
        administrators = [
            member
            for member in product.staff
            if "ADMIN" in member.roles and member.wallet.lower() in owners
        ]

        return cls(
            product,
            Scenario.connect(product.chain.chain_file),
            console,
            approver=person(_first_with(product.staff, "VIP_APPROVER")),
            operator=person(_first_with(product.staff, "OPERATOR")),
            administrators=[person(member) for member in administrators[:THRESHOLD]],
        )

    def run(self) -> None:
        """All of it.

        Raises:
            DevError: a step did not come to what it should.
        """
        observer = self._observer()
        observer.start()
        life = Life(Scenario.connect(self.product.chain.chain_file))
        life.start()
        try:
            with self._step("staff sign in, with a second factor"):
                for person in (self.approver, self.operator, *self.administrators):
                    person.sign_in()
            with self._step("a program signs in with its wallet, and subscribes by WebSocket"):
                program = Program(self.product.url, APPROVER_1.account)
                program.sign_in()
                subscriber = Subscriber(
                    self.product.environment["PAIMON_WS_URL"],
                    program.token,
                    ["redemption:new", "redemption:settled"],
                )
                subscriber.start()
            with self._step("an investor asks for a redemption that needs approval"):
                asked = self.scenario.request_above_approval_threshold(
                    INVESTORS[1], channel=CHANNEL_STANDARD
                )
            with self._step("the request is seen in the admin before it is final"):
                self._until_seen(asked)
            with self._step("it is final, recorded, and has a ticket"):
                ticket_id = until(lambda: self._ticket_of(asked), "no ticket was opened")
            with self._step("the approver approves it, signing with their wallet"):
                self._approve(ticket_id)
            with self._step("the approval is simulated, signed, sent, mined and final"):
                self._until_status(asked, "Approved")
            self._refuse_second_vote(ticket_id)
            with self._step(f"{SETTLEMENT_DAYS} days pass on chain; it is settled when due"):
                self.scenario.advance_time(SETTLEMENT_DAYS * DAY_SECONDS + 60)
                self.scenario.refresh_prices()  # a week old by the chain's clock
                self._until_status(asked, "Settled")
            life.stop()
            net = self._verify_against_chain(asked)
            self._verify_program(program, subscriber, asked, net)
            with self._step("a report for the period is made on demand and arrives by email"):
                self._report(asked, net)
        finally:
            life.stop()
            observer.stop()
        self._verify_latency(observer)
        Rebalancing(self.product, self.scenario, self.console, self.administrators, program).run()
        self._verify_events()

    # -- Steps -------------------------------------------------------------------------------

    def _until_seen(self, asked: Requested) -> None:
        tx_hash = asked.receipt.tx_hash

        def seen() -> bool:
            page = self.approver.get("/admin/chain/log/", q=tx_hash)
            return "RedemptionRequested" in text_of(page.text)

        until(seen, "the event did not appear", seconds_max=SEEN_SECONDS_MAX)

    def _ticket_of(self, asked: Requested) -> int | None:
        try:
            page = self.approver.get(self._page_of(asked))
        except PageError:
            return None  # not recorded yet
        found = _TICKET_LINK.search(page.text)
        return int(found[1]) if found else None

    def _approve(self, ticket_id: int) -> None:
        path = f"/admin/approvals/ticket/{ticket_id}/change/"
        form = next((f for f in self.approver.forms(path) if f.sign_url), None)
        if form is None:
            raise DevError(f"Ticket {ticket_id} offers the approver no vote.")
        answer = self.approver.submit(
            form, page=path, decision="APPROVE", reason="Checked: holder known, liquidity enough"
        )
        if "is counted" not in text_of(answer.text):
            raise DevError(f"The vote on ticket {ticket_id} was not counted.")

    def _refuse_second_vote(self, ticket_id: int) -> None:
        path = f"/admin/approvals/ticket/{ticket_id}/change/"
        if any(form.sign_url for form in self.approver.forms(path)):
            raise DevError(f"Ticket {ticket_id} is decided and still offers a vote.")
        self.console.say("verified: the decided ticket offers no second vote")

    def _verify_against_chain(self, asked: Requested) -> int:
        """Our record of the request is the chain's, to the last unit; returns the net paid."""
        state = json.loads(manage(self.product.environment, "state", "--json"))
        ours = next(r for r in state["redemptions"] if str(r["requestId"]) == str(asked.id))
        theirs = self.scenario.request(asked.id)
        pairs = {
            "status": (ours["status"], "SETTLED"),
            "status on chain": (theirs["status"], SETTLED_ON_CHAIN),
            "gross amount": (int(ours["grossAmount"]), theirs["grossAmount"]),
            "locked NAV": (int(ours["lockedNav"]), theirs["lockedNav"]),
        }
        wrong = {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
        if wrong:
            raise DevError(f"Request {asked.id} differs from the chain: {wrong}.")
        block = state["block"]["number"]
        for holder in state["holders"]:
            on_chain = self.scenario.vault.read("balanceOf", holder["address"], block=block)
            if int(holder["balance"]) != on_chain:
                raise DevError(
                    f"Balance of {holder['address']}: ours {holder['balance']}, {on_chain}."
                )
        self.console.say(
            f"verified: request {asked.id} and {len(state['holders'])} balances equal the chain's"
        )
        return int(ours["netAmount"])

    def _verify_program(
        self, program: Program, subscriber: Subscriber, asked: Requested, net: int
    ) -> None:
        """REST says what the pages say, and the WebSocket said it when it happened."""
        found = program.get(f"redemptions/{asked.id}")
        if (found["status"], int(found["netAmount"])) != ("SETTLED", net):
            raise DevError(f"REST says {found['status']}, {found['netAmount']}.")
        for channel in ("redemption:new", "redemption:settled"):
            if not subscriber.has_heard(channel, "requestId", asked.id):
                raise DevError(f"The WebSocket never said {channel} for request {asked.id}.")
        subscriber.close()
        self.console.say("verified: REST and WebSocket told the same story")

    def _report(self, asked: Requested, net: int) -> None:
        mailbox = self.product.mailbox
        before = len(messages_in(mailbox))
        path = "/admin/reports/reportrun/make/"
        form = next(f for f in self.operator.forms(path) if f.fields.get("form") == "period")
        now = datetime.now(UTC)
        answer = self.operator.submit(
            form,
            page=path,
            start=f"{now - timedelta(days=20):%Y-%m-%dT%H:%M}",
            end=f"{now:%Y-%m-%dT%H:%M}",
        )
        if "is being made" not in (said := text_of(answer.text)):
            raise DevError(f"No report is being made: {said[-400:]}")

        def arrived() -> dict[str, bytes] | None:
            for message in messages_in(mailbox)[before:]:
                files = {
                    part.get_filename() or "": part.get_payload(decode=True)
                    for part in message.iter_attachments()
                }
                if any(name.endswith(".pdf") for name in files):
                    return files  # type: ignore[return-value]
            return None

        files = until(arrived, "no report arrived by email")
        pdf = next(data for name, data in files.items() if name.endswith(".pdf"))
        xlsx = next(data for name, data in files.items() if name.endswith(".xlsx"))
        _verify_report(pdf, xlsx, request_id=asked.id, net=net)

    def _verify_latency(self, observer: Observer) -> None:
        stored, applied = observer.block_to_row(), observer.final_to_applied()
        self.console.say(f"measured: block served → rows: {stored}")
        self.console.say(f"measured: final → applied: {applied}")
        if not stored.percentile(99) < BLOCK_TO_ROW_P99_SECONDS_MAX:
            raise DevError("Logs become rows too slowly.")
        if not applied.percentile(99) < FINAL_TO_APPLIED_P99_SECONDS_MAX:
            raise DevError("Final logs are applied too slowly.")

    def _verify_events(self) -> None:
        """Every log of the chain up to our final block is stored once, and nothing else."""
        events = json.loads(manage(self.product.environment, "events", "--json"))
        stored = [(e["blockHash"], e["logIndex"]) for e in events if e["status"] != "ORPHANED"]
        newest = max(e["blockNumber"] for e in events)
        addresses = sorted({e["contract"]["address"] for e in events})
        on_chain = {
            (log["blockHash"], int(log["logIndex"], 16))
            for log in self.scenario.chain.rpc.call(
                "eth_getLogs",
                {"fromBlock": "0x0", "toBlock": hex(newest), "address": addresses},
            )
        }
        if len(stored) != len(set(stored)) or set(stored) != on_chain:
            raise DevError(f"{len(stored)} events are stored, the chain has {len(on_chain)}.")
        parked = [e for e in events if e["status"] in {"FAILED", "UNKNOWN", "UNDECODABLE"}]
        if parked:
            raise DevError(f"{len(parked)} events could not be applied, first {parked[0]}.")
        self.console.say(f"verified: all {len(stored)} events of the chain are stored once")

    # -- Means -------------------------------------------------------------------------------

    def _observer(self) -> Observer:
        entry = self.scenario.entry
        kinds = ("vault", "redemption_manager", "asset_controller")
        return Observer(
            rpc_url=self.product.chain.url,
            database_url=self.product.services.database_url,
            addresses=[entry.address(kind) for kind in kinds],
            confirmations=entry.confirmations or 0,
        )

    def _page_of(self, asked: Requested) -> str:
        chain_id = self.scenario.entry.chain_id
        return f"/admin/redemptions/redemption/{chain_id}-{asked.id}/change/"

    def _until_status(self, asked: Requested, word: str) -> None:
        pill = re.compile(rf'class="wf-state">\s*<span class="pill[^"]*">{word}<')

        def there() -> bool:
            return bool(pill.search(self.operator.get(self._page_of(asked)).text))

        until(there, f"request {asked.id} did not become {word.lower()}")

    @contextmanager
    def _step(self, sentence: str) -> Iterator[None]:
        with self.console.step(sentence):
            yield


def _first_with(staff: list[StaffMember], role: str) -> StaffMember:
    approver = APPROVER_1.address.lower()
    able = [member for member in staff if role in member.roles]
    if not able:
        raise DevError(f"Nobody of the staff has the role {role}.")
    return next((member for member in able if member.wallet.lower() == approver), able[0])


def _verify_report(pdf: bytes, xlsx: bytes, *, request_id: int, net: int) -> None:
    """Both files name the net amount paid, in the same digits."""
    exact = f"{net // 10**18:,}.{net % 10**18 // 10**16:02d}"
    text = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)
    if exact not in text:
        raise DevError(f"The PDF does not name the net amount {exact} of request {request_id}.")
    cells: set[Any] = {
        str(cell)
        for sheet in load_workbook(io.BytesIO(xlsx), read_only=True).worksheets
        for row in sheet.iter_rows(values_only=True)
        for cell in row
    }
    if str(net) not in cells:
        raise DevError(f"The workbook does not hold the net amount {net} of request {request_id}.")
