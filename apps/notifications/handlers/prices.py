"""Messages about prices: unknown, known again, a source that says nothing usable.

Prices that come and go are told of once an hour. When the last known ones go at once, or the last
unknown ones come back, one message names them all.
"""

from collections.abc import Callable, Sequence

from apps.core.bus import takes_many
from apps.core.units import format_amount
from apps.notifications.operations import notify
from apps.notifications.rules import Severity, Shared, shared_for
from apps.oracle import queries as oracle
from apps.oracle.events import PriceFact, PriceLost, PriceRecovered, SourceFailed
from apps.oracle.queries import PriceView

from .links import admin_link

_ROLES = ("OPERATOR", "RISK_OFFICER")


@takes_many
def tell_lost(facts: Sequence[PriceLost]) -> None:
    """Their sources do not agree, or too few of them speak: nobody trades on them."""
    if _are_the_rest(facts, lambda view: view.price is None):
        _tell(
            facts[0],
            event="lost",
            about="all",
            subject="No price is known any more",
            body="Until enough fresh sources agree again, nothing is traded: plans wait or are "
            "refused.",
            details=[(_symbol(fact), fact.reason) for fact in facts],
            link=admin_link("oracle_source_changelist"),
            severity=Severity.WARNING,
            shared=shared_for(Severity.WARNING),
        )
        return
    for fact in facts:
        _tell_one_lost(fact)


def _tell_one_lost(fact: PriceLost) -> None:
    symbol = _symbol(fact)
    _tell(
        fact,
        event="lost",
        about=fact.token,
        subject=f"The price of {symbol} is unknown",
        body=f"{fact.reason}\n\nUntil enough fresh sources agree again, nothing that depends on "
        "this price is traded: plans wait or are refused.",
        details=[("Asset", symbol), ("Token", fact.token), ("Why", fact.reason)],
        link=_asset_link(fact),
        severity=Severity.WARNING,
        shared=shared_for(Severity.WARNING),
    )


@takes_many
def tell_recovered(facts: Sequence[PriceRecovered]) -> None:
    """They are known again."""
    if _are_the_rest(facts, lambda view: view.price is not None):
        _tell(
            facts[0],
            event="recovered",
            about="all",
            subject="Every price is known again",
            body="The sources of each asset agree.",
            details=[(_symbol(fact), _usdt(fact)) for fact in facts],
            link=admin_link("oracle_source_changelist"),
            severity=Severity.INFO,
            shared=shared_for(Severity.INFO),
        )
        return
    for fact in facts:
        _tell_one_recovered(fact)


def _tell_one_recovered(fact: PriceRecovered) -> None:
    symbol = _symbol(fact)
    _tell(
        fact,
        event="recovered",
        about=fact.token,
        subject=f"The price of {symbol} is known again",
        body=f"Its sources agree on {_usdt(fact)}.",
        details=[("Asset", symbol), ("Token", fact.token), ("Price", _usdt(fact))],
        link=_asset_link(fact),
        severity=Severity.INFO,
        shared=shared_for(Severity.INFO),
    )


def tell_failed_source(fact: SourceFailed) -> None:
    """A source is of no use at present: to those who can mend or replace it."""
    symbol = _symbol(fact)
    _tell(
        fact,
        event="source_failed",
        about=str(fact.source_id),
        roles=("OPERATOR", "ADMIN"),
        subject=f"A price source of {symbol} gives nothing usable: {fact.name}",
        body="It failed several times in a row. The price is taken from the others while enough of "
        "them agree.",
        details=[("Source", fact.name), ("Asset", symbol), ("Error", fact.error)],
        link=_asset_link(fact),
        severity=Severity.WARNING,
        shared=(Shared.SLACK,),  # the price is still known
    )


def _are_the_rest(facts: Sequence[PriceFact], is_so: Callable[[PriceView], bool]) -> bool:
    """There are several of one observation, and now it is so of every price."""
    if len(facts) == 1:
        return False
    prices = oracle.prices_now(chain_id=facts[0].chain_id, at=facts[0].at)
    return bool(prices) and all(is_so(view) for view in prices.values())


def _symbol(fact: PriceFact) -> str:
    """What people call the asset; its address when nobody knows a name."""
    return oracle.names_of(fact.chain_id).get(fact.token, fact.token)


def _usdt(fact: PriceRecovered) -> str:
    return f"{format_amount(fact.price, places=6)} USDT"


def _asset_link(fact: PriceFact) -> str:
    return admin_link("oracle_asset", fact.token)


def _tell(
    fact: PriceFact,
    *,
    event: str,
    about: str,
    roles: tuple[str, ...] = _ROLES,
    subject: str,
    body: str,
    details: list[tuple[str, str]],
    link: str,
    severity: Severity,
    shared: Sequence[Shared],
) -> None:
    notify(
        kind=f"PRICE_{event.upper()}",
        dedupe_key=f"price:{fact.chain_id}:{about}:{event}:{fact.at:%Y-%m-%dT%H}",
        roles=roles,
        subject=subject,
        body=body,
        details=details,
        link=link,
        link_text="Look at the price",
        severity=severity,
        shared=shared,
        topic=f"price:{fact.chain_id}:{about}",
        at=fact.at,
    )
