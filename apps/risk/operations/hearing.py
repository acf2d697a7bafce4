"""What the contracts say in an emergency: some of it opens the protocol, all of it is noted.

History that is being caught up with opens nothing: what happened more than an hour ago is no news.
"""

from datetime import datetime, timedelta

from django.db import transaction

from apps.approvals import operations as approvals
from apps.approvals import queries as tickets
from apps.chain import queries as chain
from apps.chain.events import (
    ChainFact,
    ContractPaused,
    ContractUnpaused,
    CriticalLiquidityAlert,
    EmergencyModeChanged,
    LowLiquidityAlert,
)
from apps.core.actor import Actor
from apps.core.errors import Refused
from apps.core.units import format_amount, format_bps
from apps.risk.queries.switches import is_on
from apps.risk.rules.protocol import TicketCause
from apps.risk.rules.switches import EMERGENCY_MODE, Switch, subject_of

from . import asking, incidents, timeline
from .bell import ring_for_the_protocol
from .timeline import open_incident_of

NEWS = timedelta(hours=1)


class _PeopleDecide(Refused):
    """The rule does not approve by itself what was asked anew."""


@transaction.atomic
def hear_critical_alert(fact: CriticalLiquidityAlert, *, at: datetime) -> None:
    """The redemption manager says liquidity is critical: the protocol opens."""
    if not _is_news(fact, at):
        return
    words = (
        f"Critical liquidity alert: liquidity is {format_bps(fact.ratio_bps)}, below "
        f"{format_bps(fact.threshold_bps)}; {format_amount(fact.available_assets)} USDT available."
    )
    _let_the_rule_pause(fact.source.chain_id, at=at)
    _note(fact, words, at=at)
    incidents.open_incident(cause=TicketCause.ALERT, summary=words, actor=_actor(fact), at=at)
    ring_for_the_protocol()


@transaction.atomic
def hear_emergency_mode(fact: EmergencyModeChanged, *, at: datetime) -> None:
    """Emergency mode was switched: on, the protocol opens, unless it is off again already."""
    if not _is_news(fact, at):
        return
    word = "on" if fact.enabled else "off"
    _note(fact, f"Emergency mode is {word}.", at=at)
    if fact.enabled and is_on(Switch.MODE):
        incidents.open_incident(
            cause=TicketCause.SWITCHED,
            summary="The vault's emergency mode was switched on.",
            actor=_actor(fact),
            at=at,
        )
    ring_for_the_protocol()


@transaction.atomic
def hear_switch(fact: ContractPaused | ContractUnpaused, *, at: datetime) -> None:
    """A contract was paused or unpaused."""
    if _is_news(fact, at):
        word = "paused" if isinstance(fact, ContractPaused) else "unpaused"
        name = fact.source.contract_kind.replace("_", " ")
        _note(fact, f"The {name} was {word} by {fact.account}.", at=at)
        ring_for_the_protocol()


@transaction.atomic
def hear_low_alert(fact: LowLiquidityAlert, *, at: datetime) -> None:
    """The redemption manager says liquidity is low."""
    if _is_news(fact, at):
        words = f"Low liquidity alert: liquidity is {format_bps(fact.ratio_bps)}."
        _note(fact, words, at=at)


def _let_the_rule_pause(chain_id: int, *, at: datetime) -> None:
    """Where two people have let the rule pause on this alert, a ticket that was opened for another
    cause and waits for votes makes room for one that the rule approves.

    Before any incident is locked, because a ticket's lock comes first.
    """
    subject_id = subject_of(Switch.REDEMPTIONS, on=True)
    waiting = tickets.open_ticket_for([EMERGENCY_MODE], subject_id, chain_id=chain_id)
    if waiting is None or not tickets.rule_for(EMERGENCY_MODE).auto_approve:
        return
    try:
        with transaction.atomic():
            approvals.cancel_for_subject(
                kinds=[EMERGENCY_MODE],
                subject_id=subject_id,
                chain_id=chain_id,
                reason="The contract itself raised the alarm: the rule decides.",
                actor=asking.SYSTEM,
                at=at,
            )
            ask = asking.switch_ask(
                Switch.REDEMPTIONS,
                on=True,
                cause=TicketCause.ALERT,
                incident=open_incident_of(chain_id),
            )
            if asking.open_ticket(ask, chain_id=chain_id, at=at).is_open:
                raise _PeopleDecide("People decide.")
    except Refused:
        return  # nothing has changed: people go on deciding about the ticket there was


def _is_news(fact: ChainFact, at: datetime) -> bool:
    of_fund = fact.source.chain_id == chain.fund_chain().chain_id
    return of_fund and at - chain.happened_at(fact.source, at=at) <= NEWS


def _note(fact: ChainFact, words: str, *, at: datetime) -> None:
    source = fact.source
    timeline.note_in_open(
        source.chain_id,
        "CHAIN",
        words,
        actor=_actor(fact),
        at=at,
        reference={"tx": source.tx_hash, "block": source.block_number},
    )


def _actor(fact: ChainFact) -> Actor:
    return Actor.chain(f"{fact.source.contract_kind.replace('_', ' ')} {fact.source.address}")
