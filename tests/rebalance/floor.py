"""The trading floor: a fund on a real node, its plans, our sender, and people who decide."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings

from apps.approvals.models import Ticket
from apps.chain.client import Client
from apps.chain.models import UNFINISHED, SafeProposal, Transaction
from apps.chain.operations import safe_signing
from apps.chain.sender import Sender
from apps.chain.terms import Tier
from apps.core import clock
from apps.fund.tasks import take_overview
from apps.oracle import operations as oracle
from apps.oracle.models import Source
from apps.oracle.tasks import observe
from apps.rebalance import operations, queries
from apps.rebalance.models import Plan
from apps.rebalance.rules.figures import Action, Holding, Situation
from devnet.accounts import ADMIN, INVESTORS
from devnet.fund import usdt
from devnet.price_sources import PRICE_SOURCES_FILE
from devnet.safe import OWNERS
from tests.accounts.people import Person, person, sign_typed_data
from tests.chain_world import World
from tests.rebalance import running
from tests.rebalance.helpers import admins, decide


@dataclass
class Floor:
    """A world in which the fund can trade. ``ahead`` moves our own clock, not the chain's."""

    world: World
    ahead: timedelta = timedelta(0)
    people: list[Person] = field(default_factory=lambda: admins(3))
    safe_owners: list[Person] = field(default_factory=list)

    # -- the fund ----------------------------------------------------------------------------------

    def fund(self, units: int, **shares: int) -> None:
        """Let the fund have so many USDT; ``shares`` as ``Market.rebalance_to`` wants them, else L1
        is 13 %, L2 29 %, L3 58 %."""
        scenario = self.world.scenario
        scenario.subscribe(INVESTORS[0], usdt(units))
        if shares:
            scenario.rebalance_to(**shares)
        else:
            scenario.restore_liquidity()
        self.settle()

    def settle(self) -> None:
        """Everything is final and applied, every price is looked at, and the fund is read."""
        self.world.scenario.refresh_prices()
        self.world.finalise()
        self.observe()
        take_overview()

    def observe(self) -> None:
        """Ask every price source."""
        if not Source.objects.exists():
            path = Path(settings.CHAIN_FILE).parent / PRICE_SOURCES_FILE
            oracle.load_sources(path=path, actor=running.SYSTEM, at=clock.now())
        observe()

    def situation(self) -> Situation:
        return queries.situation_now(chain_id=self.world.config.chain_id, at=clock.now())

    def share_bps(self, tier: Tier) -> int:
        """A tier's share of the fund as the chain has it now."""
        self.world.finalise()
        return self.situation().ratio_bps(tier) or 0

    def set_terms(self, symbol: str, *, slippage_bps_max: int = 500, least: int = 0) -> None:
        """Change how an asset may be bought."""
        token = self.world.scenario.tokens[symbol].address
        config = next(
            one
            for one in self.world.scenario.controller.read("getAssetConfigs")
            if one["tokenAddress"] == token
        )
        self.world.scenario.controller.send(
            ADMIN,
            "setPurchaseTerms",
            *(token, config["purchaseMethod"], slippage_bps_max, usdt(least), 0, 0),
        )

    # -- plans -------------------------------------------------------------------------------------

    def sell(self, position: int, symbol: str, units: int, **changes: Any) -> Action:
        """Sell so many USDT worth of an asset."""
        held = self._holding(symbol)
        tokens = usdt(units) * 10**held.decimals // held.price
        made = running.sell(position, running.MTMM, units)
        return replace(made, tokens=tokens, tier_from=held.tier, **self._names(held), **changes)

    def buy(self, position: int, symbol: str, units: int, **changes: Any) -> Action:
        """Spend so many USDT on an asset."""
        held = self._holding(symbol)
        tokens = usdt(units) * 10**held.decimals // held.price
        made = running.buy(position, running.MTMM, units)
        made = replace(made, tokens=tokens, tokens_min=tokens * 95 // 100, tier_to=held.tier)
        return replace(made, **self._names(held), **changes)

    def approved(self, *actions: Action) -> Plan:
        """A plan of these trades, with the votes that it needs."""
        plan = running.approved(*actions, at=self.now(), before=self.situation())
        self.approve(plan)
        return running.again(plan)

    def executing(self, *actions: Action) -> Plan:
        """The same, begun."""
        plan = self.approved(*actions)
        self.advance()
        plan = running.again(plan)
        assert plan.status == "EXECUTING", (plan.status, plan.waits_for, plan.outcome)
        return plan

    # -- work --------------------------------------------------------------------------------------

    def now(self) -> Any:
        return clock.now() + self.ahead

    def advance(self) -> None:
        operations.advance(chain_id=self.world.config.chain_id, at=self.now())

    def send(self) -> None:
        """Let the sender take a step; what waits is due."""
        Transaction.objects.filter(status__in=list(UNFINISHED)).update(not_before=None)
        SafeProposal.objects.update(checked_at=clock.from_timestamp(0))
        Sender(self.world.config, Client(self.world.config), clock=clock.now).step()

    def turn(self) -> None:
        """A step of the plan, of the sender, and of the chain until all of it is final."""
        self.advance()
        self.send()
        self.world.finalise()
        self.send()
        self.world.finalise()

    def carry_out(self, plan: Plan, turns: int = 40) -> Plan:
        """Until the plan has come to its end."""
        for _ in range(turns):
            self.turn()
            self.sign_what_waits()
            plan = running.again(plan)
            if not plan.is_open:
                return plan
        raise AssertionError(f"{plan} never came to its end: {plan.status}, {plan.waits_for}")

    # -- people ------------------------------------------------------------------------------------

    def owners(self) -> list[Person]:
        """Two of the warm wallet's owners, made at first use."""
        if not self.safe_owners:
            self.safe_owners = [person("ADMIN", key=actor.account) for actor in OWNERS[:2]]
        return self.safe_owners

    def sign_what_waits(self) -> None:
        """Both owners sign every proposal of the warm wallet that waits for them."""
        for proposal in SafeProposal.objects.filter(status="OPEN"):
            for owner in self.owners():
                if not proposal.confirmations.filter(owner=owner.wallet).exists():
                    self._sign(proposal, owner)

    def _sign(self, proposal: SafeProposal, owner: Person) -> None:
        asked = safe_signing.prepare_confirmation(proposal_id=proposal.pk, user=owner.user)
        safe_signing.confirm(
            proposal_id=proposal.pk,
            user=owner.user,
            safe_tx_hash=asked.safe_tx_hash,
            signature=sign_typed_data(owner, asked.typed_data),
            actor=owner.actor,
            at=clock.now(),
        )

    def approve(self, plan: Plan) -> None:
        """As many people vote for the plan as its ticket asks for; none without a ticket."""
        for ticket in Ticket.objects.filter(pk=plan.ticket_id, status="PENDING"):
            for who in self.people[: ticket.required_approvals]:
                decide(who, Ticket.objects.get(pk=ticket.pk), at=clock.now())

    def _holding(self, symbol: str) -> Holding:
        return next(one for one in self.situation().holdings if one.symbol == symbol)

    @staticmethod
    def _names(held: Holding) -> dict[str, Any]:
        return {
            "token": held.token,
            "symbol": held.symbol,
            "decimals": held.decimals,
            "method": held.method,
        }
