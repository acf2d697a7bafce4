"""Messages about prices: unknown, known again, a source that says nothing usable.

Prices that come and go are told of once an hour.
"""

from apps.core.units import format_amount
from apps.notifications.operations import notify
from apps.notifications.rules import Severity
from apps.oracle import queries as oracle
from apps.oracle.events import PriceFact, PriceLost, PriceRecovered, SourceFailed

from .links import admin_link

_ROLES = ("OPERATOR", "RISK_OFFICER")


def tell_lost(fact: PriceLost) -> None:
    """Its sources do not agree, or too few of them speak: nobody trades on it."""
    symbol = _symbol(fact)
    _tell(
        fact,
        event="lost",
        about=fact.token,
        subject=f"The price of {symbol} is unknown",
        body=f"{fact.reason}\n\nUntil enough fresh sources agree again, nothing that depends on "
        "this price is traded: plans wait or are refused.",
        details=[("Asset", symbol), ("Token", fact.token), ("Why", fact.reason)],
        severity=Severity.WARNING,
    )


def tell_recovered(fact: PriceRecovered) -> None:
    """It is known again."""
    symbol = _symbol(fact)
    price = f"{format_amount(fact.price, places=6)} USDT"
    _tell(
        fact,
        event="recovered",
        about=fact.token,
        subject=f"The price of {symbol} is known again",
        body=f"Its sources agree on {price}.",
        details=[("Asset", symbol), ("Token", fact.token), ("Price", price)],
        severity=Severity.INFO,
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
        severity=Severity.WARNING,
    )


def _symbol(fact: PriceFact) -> str:
    """What people call the asset; its address when nobody knows a name."""
    return oracle.names_of(fact.chain_id).get(fact.token, fact.token)


def _tell(
    fact: PriceFact,
    *,
    event: str,
    about: str,
    roles: tuple[str, ...] = _ROLES,
    subject: str,
    body: str,
    details: list[tuple[str, str]],
    severity: Severity,
) -> None:
    notify(
        kind=f"PRICE_{event.upper()}",
        dedupe_key=f"price:{fact.chain_id}:{about}:{event}:{fact.at:%Y-%m-%dT%H}",
        roles=roles,
        subject=subject,
        body=body,
        details=details,
        link=admin_link("oracle_asset", fact.token),
        link_text="Look at the price",
        severity=severity,
        at=fact.at,
    )
