"""One rebalancing from drained liquidity to a refilled tier, through the real processes and pages.

The market drains L1 on the chain; people are told; the clock notices; administrators vote and, as
owners of the warm wallet, sign; everything else happens by itself.
"""

import re
from dataclasses import dataclass
from typing import Any

from devnet.assets import L1, L2, L3
from devnet.fund import BPS
from devnet.scenario import Scenario
from devstack.alarming import Alarming
from devstack.console import Console
from devstack.errors import DevError
from devstack.looking import until
from devstack.person import Person, text_of
from devstack.product import Product
from devstack.program import Program, Subscriber

CHANNEL = "rebalance:executed"
L1_LOW_BPS = 800
NOTICED_SECONDS_MAX = 150.0
EXECUTED_SECONDS_MAX = 150.0
# A program may ask a hundred times a minute.
ASK_EVERY_SECONDS = 1.5
_OPEN = frozenset({"DRAFT", "PENDING_APPROVAL", "APPROVED", "EXECUTING"})
_PROPOSAL_LINK = re.compile(r"/admin/chain/safeproposal/(\d+)/change/")


@dataclass
class Rebalancing:
    """What the steps share. ``owners`` are administrators and own the warm wallet."""

    product: Product
    scenario: Scenario
    console: Console
    owners: list[Person]
    program: Program

    def run(self) -> None:
        """All of it.

        Raises:
            DevError: a step did not come to what it should.
        """
        subscriber = Subscriber(
            self.product.environment["PAIMON_WS_URL"], self.program.token, [CHANNEL]
        )
        subscriber.start()
        with self.console.step("the market drains L1 below its low mark"):
            self.scenario.drain_l1()
            if self._tier_bps(L1) >= L1_LOW_BPS:
                raise DevError("L1 is not drained on the chain.")
        Alarming(self.product, self.console, self.program, self.owners[0]).run()
        with self.console.step("the clock notices and plans; a ticket asks for two votes"):
            plan = until(
                self._pending_plan,
                "no plan was made",
                seconds_max=NOTICED_SECONDS_MAX,
                every_seconds=ASK_EVERY_SECONDS,
            )
        if not plan["approvalTicketId"]:
            raise DevError(f"The plan needs no approval: {plan['approvalReason']}")
        with self.console.step("two administrators approve it, signing with their wallets"):
            for person in self.owners:
                self._vote(person, plan["approvalTicketId"])
        with self.console.step("its legs are executed, above the hot limit signed by two owners"):
            ended = until(
                lambda: self._ended_plan(plan["planId"]),
                f"plan {plan['planId']} did not end",
                seconds_max=EXECUTED_SECONDS_MAX,
                every_seconds=ASK_EVERY_SECONDS,
            )
        self._verify_plan(ended)
        until(
            lambda: subscriber.has_heard(CHANNEL, "planId", plan["planId"]),
            f"the WebSocket had not said {CHANNEL}",
        )
        subscriber.close()
        self.console.say("verified: REST and WebSocket told of the plan's end")

    # -- Steps -------------------------------------------------------------------------------

    def _pending_plan(self) -> dict[str, Any] | None:
        pending: dict[str, Any] | None = self.program.get("rebalance/status")["pendingPlan"]
        return pending

    def _vote(self, person: Person, ticket_id: str) -> None:
        path = f"/admin/approvals/ticket/{ticket_id}/change/"
        form = next((form for form in person.forms(path) if form.sign_url), None)
        if form is None:
            raise DevError(f"Ticket {ticket_id} offers {person.member.username} no vote.")
        answer = person.submit(
            form, page=path, decision="APPROVE", reason="L1 is short; the plan refills it"
        )
        if "is counted" not in text_of(answer.text):
            raise DevError(f"The vote on ticket {ticket_id} was not counted.")

    def _ended_plan(self, plan_id: str) -> dict[str, Any] | None:
        """The plan once it has ended; until then owners sign what the warm wallet is asked for."""
        plan: dict[str, Any] = self.program.get(f"rebalance/plans/{plan_id}")
        if plan["status"] not in _OPEN:
            return plan
        for person in self.owners:
            self._sign_as_owner(person)
        return None

    def _sign_as_owner(self, person: Person) -> None:
        listed = person.get("/admin/chain/safeproposal/", status__exact="OPEN").text
        for proposal in sorted(set(_PROPOSAL_LINK.findall(listed))):
            path = f"/admin/chain/safeproposal/{proposal}/change/"
            form = next((form for form in person.forms(path) if form.sign_url), None)
            if form is not None:
                person.submit(form, page=path)

    # -- What must be true at the end --------------------------------------------------------

    def _verify_plan(self, plan: dict[str, Any]) -> None:
        if plan["status"] != "COMPLETED":
            raise DevError(f"The plan ended as {plan['status']}: {plan['outcome']}")
        for action in plan["actions"]:
            self._verify_leg(action)
        bands = list(self.scenario.controller.read("getLayerConfigs").values())
        shares = [self._tier_bps(tier) for tier in (L1, L2, L3)]
        for share, band in zip(shares, bands, strict=True):
            if not band["minRatio"] <= share <= band["maxRatio"]:
                raise DevError(f"The tiers on the chain are {shares} bps: not all in their bands.")
        if shares[L1] < L1_LOW_BPS:
            raise DevError(f"L1 is {shares[L1]} bps on the chain: not refilled.")
        self.console.say(
            f"verified: {len(plan['actions'])} legs are the chain's, and all tiers are in their "
            f"bands there: {', '.join(f'{share / 100:.2f} %' for share in shares)}"
        )

    def _verify_leg(self, action: dict[str, Any]) -> None:
        """What we say a leg brought is what its transaction's event says."""
        event = self.scenario.chain.receipt(action["txHash"]).event("AssetRedeemed").args
        ours = (action["token"].lower(), action["realisedAmount"], action["realisedTokenAmount"])
        theirs = (
            event["token"].lower(),
            str(event["usdtReceived"]),
            str(event["tokenAmount"]),
        )
        if action["status"] != "DONE" or ours != theirs:
            raise DevError(f"Leg {action['position']} differs from the chain: {ours}, {theirs}.")

    def _tier_bps(self, tier: int) -> int:
        """A tier's share of gross assets on the chain now, floor."""
        state = self.scenario.state()
        return (state.layer1, state.layer2, state.layer3)[tier] * BPS // state.gross_assets
