"""Short liquidity from the measurement to the person who answers, through the real processes.

L1 is drained already; risk is judged, an alert goes out, and an administrator acknowledges it.
"""

from dataclasses import dataclass
from typing import Any

from devstack.chat import messages_in as chat_messages_in
from devstack.console import Console
from devstack.errors import DevError
from devstack.looking import until
from devstack.mail import messages_in as mails_in
from devstack.management import manage
from devstack.person import Person
from devstack.product import Product
from devstack.program import Program

INDICATOR = "l1_ratio"
RAISED = frozenset({"HIGH", "CRITICAL"})
CRITICAL_CHANNEL = "#critical"
FINAL_SECONDS_MAX = 60.0
ASK_EVERY_SECONDS = 1.0
ARRIVED_SECONDS_MAX = 30.0
NOTE = "The refill is on its way"


@dataclass
class Alarming:
    """What the steps share. ``person`` may answer risk events."""

    product: Product
    console: Console
    program: Program
    person: Person

    def run(self) -> None:
        """All of it.

        Raises:
            DevError: a step did not come to what it should.
        """
        with self.console.step("risk is judged: the level rises, and an event opens"):
            status = until(
                self._raised,
                "the level of risk did not rise",
                seconds_max=FINAL_SECONDS_MAX,
                every_seconds=ASK_EVERY_SECONDS,
            )
            event = until(self._event, "no risk event was opened")
        self.console.say(
            f"verified: REST says {status['overallLevel']}, score {status['overallScore']}"
        )
        link = f"/admin/risk/riskevent/{event['id']}/change/"
        with self.console.step("its alert arrives on Slack and by email"):
            until(
                lambda: self._on_slack(link) and self._by_mail(link),
                f"no alert with {link} arrived",
                seconds_max=ARRIVED_SECONDS_MAX,
            )
        with self.console.step("an administrator acknowledges it"):
            self._acknowledge(event["id"], link)
        if self._on_slack(link) > 1:
            raise DevError(f"The alert of risk event {event['id']} arrived more than once.")
        self.console.say(f"verified: the alert of risk event {event['id']} arrived once")

    # -- Steps -------------------------------------------------------------------------------

    def _raised(self) -> dict[str, Any] | None:
        """How the fund stands, judged at once; the newest final block may be from before."""
        manage(self.product.environment, "assess_risk")
        status: dict[str, Any] = self.program.get("risk/status")
        return status if status["overallLevel"] in RAISED else None

    def _event(self) -> dict[str, Any] | None:
        rows = self.program.get("risk/events")["items"]
        return next(
            (row for row in rows if row["indicator"] == INDICATOR and not row["resolved"]), None
        )

    def _on_slack(self, link: str) -> int:
        """How many alarms (not answers to them) were sent to the critical channel."""
        return sum(
            link in str(one["body"])
            for one in chat_messages_in(self.product.chat.directory)
            if (one["service"], one["to"]) == ("slack", CRITICAL_CHANNEL)
        )

    def _by_mail(self, link: str) -> bool:
        return any(
            link in part.get_content()
            for message in mails_in(self.product.mailbox)
            if (part := message.get_body(("plain",))) is not None
        )

    def _acknowledge(self, event_id: str, link: str) -> None:
        form = next(
            (form for form in self.person.forms(link) if form.action.endswith("/acknowledge/")),
            None,
        )
        if form is None:
            raise DevError(f"Risk event {event_id} cannot be acknowledged in the admin.")
        self.person.submit(form, page=link, note=NOTE)
        found = self.program.get(f"risk/events/{event_id}")
        who = self.person.member.username
        if found["acknowledgedBy"] != who:
            raise DevError(f"Risk event {event_id} is not acknowledged by {who}: {found}")
