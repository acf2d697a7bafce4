"""An emergency as a whole: a fund on a real node, people, a mail server, and Slack, Telegram and
PagerDuty on this machine; a clock that a test moves on."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

from apps.approvals.models import Ticket
from apps.chain.models import UNFINISHED, Transaction
from apps.core.actor import Actor
from apps.fund import operations as fund
from apps.fund.rules.terms import Terms
from apps.notifications import delivery
from apps.notifications.models import Notification
from apps.reports import operations as reports
from apps.risk import operations as risk
from apps.risk.models import Assessment, RiskEvent
from devnet.accounts import INVESTORS
from devnet.assets import ASSETS
from devnet.bank_run import BankRun
from devnet.fund import usdt
from devstack.chat import Chat
from devstack.mail import Mail
from tests.accounts.people import Person, person
from tests.approvals import helpers
from tests.chain_world import World
from tests.rebalance.floor import Floor

SYSTEM = Actor.system("test")
STEP_MINUTES = 5
SHARED = ("slack:operations", "slack:critical", "telegram", "pagerduty")


class Hands:
    """A wall clock that also goes on when a test says so, and only forwards."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def pass_minutes(self, minutes: float) -> None:
        self.ahead += timedelta(minutes=minutes)


@dataclass
class Room:
    """Everybody and everything, and what the clock would start."""

    world: World
    hands: Hands
    mail: Mail
    chat: Chat
    floor: Floor = field(init=False)
    run: BankRun = field(init=False)
    rita: Person = field(init=False)
    fred: Person = field(init=False)

    def __post_init__(self) -> None:
        self.floor = Floor(self.world)
        self.run = BankRun(self.world.scenario)
        self.floor.owners()
        self.rita = person("RISK_OFFICER", username="rita")
        self.fred = person("FUND_MANAGER", username="fred")

    def found(self, units: int) -> None:
        """Six holders put that much in; prices and issuers are known."""
        scenario = self.world.scenario
        for investor in INVESTORS[:6]:
            scenario.subscribe(investor, usdt(units // 6))
        scenario.restore_liquidity()
        self.floor.settle()
        tokens = {symbol: token.address.lower() for symbol, token in scenario.tokens.items()}
        fund.load_terms(
            terms={
                tokens[one.symbol]: Terms(issuer=one.issuer, otc_contact=f"Desk of {one.issuer}")
                for one in ASSETS
            },
            chain_id=self.world.config.chain_id,
            actor=SYSTEM,
            at=self.hands.now(),
        )

    # -- What the clock starts ---------------------------------------------------------------

    def tick(self, minutes: float = 1) -> Assessment:
        """Time passes; the chain is read, risk is judged, and what follows is done and told."""
        self.hands.pass_minutes(minutes)
        self.floor.settle()
        at = self.hands.now()
        risk.make_forecasts(at=at)
        found = risk.assess(at=at)
        risk.escalate_due(at=at)
        risk.advance_incidents(at=at)
        self.deliver()
        return found

    def wait(self, minutes: int) -> Assessment:
        """The same for a longer time, in steps."""
        for _ in range(minutes // STEP_MINUTES):
            found = self.tick(STEP_MINUTES)
        return found

    def deliver(self) -> None:
        delivery.deliver_due(self.hands.now)

    def carry_out_switches(self, turns: int = 20) -> None:
        """The sender takes steps until nothing of ours is under way."""
        for _ in range(turns):
            self.floor.send()
            self.world.finalise()
            self.floor.sign_what_waits()
            if not Transaction.objects.filter(status__in=list(UNFINISHED)).exists():
                return
        raise AssertionError("a transaction never came to its end")

    def make_reports(self) -> None:
        reports.generate_due(self.hands.now)
        self.deliver()

    # -- People ------------------------------------------------------------------------------

    def vote_on(self, kind: str) -> list[Ticket]:
        """As many administrators as each waiting ticket of the kind asks for say yes."""
        waiting = list(Ticket.objects.filter(kind=kind, status="PENDING").order_by("id"))
        for ticket in waiting:
            for who in self.floor.people[: ticket.required_approvals]:
                row = Ticket.objects.get(pk=ticket.pk)
                helpers.decide(who, row, "APPROVE", "Agreed on the phone", at=self.hands.now())
        return waiting

    @property
    def on_call(self) -> set[str]:
        """The addresses of risk officers and administrators."""
        people = [self.rita, *self.floor.people, *self.floor.safe_owners]
        return {str(one.user.email) for one in people}

    # -- What arrived ------------------------------------------------------------------------

    def arrived(self, event: RiskEvent, key: str) -> Counter[str]:
        """Where one fact about a risk event arrived, and how often."""
        told = Notification.objects.filter(dedupe_key=f"risk:event:{event.pk}:{key}")
        rows = told.filter(status="SENT").exclude(channel="IN_APP")
        return Counter(rows.values_list("address", flat=True))

    def refuse_doubles(self) -> None:
        """Every message that we say was sent arrived, once, and nothing else did."""
        rows = Notification.objects.filter(status="SENT").exclude(channel="IN_APP")
        for service in ("slack", "telegram", "pagerduty"):
            ours = rows.filter(channel=service.upper()).values_list("provider_id", flat=True)
            theirs = [one["provider_id"] for one in self.chat.messages(service)]
            assert Counter(ours) == Counter(theirs), service
        ours = rows.filter(channel="EMAIL").values_list("address", "subject")
        theirs = [(one["Delivered-To"], _subject(one)) for one in self.mail.messages()]
        assert Counter(ours) == Counter(theirs)

    def mails_with(self, file_start: str) -> list[EmailMessage]:
        """The mails that brought a file of that name."""
        return [one for one in self.mail.messages() if _files(one, file_start)]


def file_of(message: EmailMessage, ending: str) -> bytes:
    """An attached file."""
    part = next(p for p in message.iter_attachments() if (p.get_filename() or "").endswith(ending))
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    return content


def _files(message: EmailMessage, start: str) -> list[str]:
    names = [part.get_filename() or "" for part in message.iter_attachments()]
    return [name for name in names if name.startswith(start)]


def _subject(message: EmailMessage) -> str:
    return " ".join(str(message["Subject"]).split())
