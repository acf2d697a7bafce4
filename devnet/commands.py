"""The actions of `python -m devnet do`: words in, sentences out.

Investors are given by number (0 to 11, see `accounts`), amounts in whole USDT, assets by symbol.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from devnet.accounts import INVESTORS, Actor
from devnet.assets import ASSETS, ONE
from devnet.bank_run import BankRun
from devnet.chain import Receipt
from devnet.errors import DevnetError
from devnet.every_event import emit_every_v1_event
from devnet.fund import ceil_div
from devnet.investing import Requested

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from devnet.scenario import Scenario

_UNIT_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


class Misunderstood(DevnetError):
    """The words do not make an action."""


@dataclass(frozen=True)
class Action:
    """How an action is written and what it does."""

    usage: str
    run: Callable[[Scenario, Sequence[str]], object]


def run_action(scenario: Scenario, name: str, words: Sequence[str]) -> Iterator[str]:
    """Does one action and tells what came of it, line by line.

    Raises:
        Misunderstood: Wrong number or kind of words.
        Reverted: The contract refuses.
    """
    action = ACTIONS[name]
    expected = len(action.usage.split("  ")[0].split()) - 1
    if len(words) != expected:
        raise Misunderstood(f"usage: do {action.usage}")
    result = action.run(scenario, words)
    receipt = result.receipt if isinstance(result, Requested) else result
    if isinstance(receipt, Receipt):
        yield f"block {receipt.block_number}, transaction {receipt.tx_hash}"
        for event in receipt.events:
            yield f"{event.name}({', '.join(f'{k}={v}' for k, v in event.args.items())})"
        if not receipt.events:
            yield "no event"
    elif result is not None:
        yield str(result)


def _investor(word: str) -> Actor:
    number = _integer(word)
    if number not in range(len(INVESTORS)):
        raise Misunderstood(f"investors are numbered 0 to {len(INVESTORS) - 1}")
    return INVESTORS[number]


def _usdt(word: str) -> int:
    try:
        amount = Decimal(word.replace("_", "")) * ONE
    except InvalidOperation:
        raise Misunderstood(f"{word} is not an amount") from None
    if not amount.is_finite() or amount < 0 or amount != int(amount):
        raise Misunderstood(f"{word} is not an amount in USDT with at most 18 decimals")
    return int(amount)


def _integer(word: str) -> int:
    try:
        return int(word)
    except ValueError:
        raise Misunderstood(f"{word} is not a whole number") from None


def _seconds(word: str) -> int:
    if word[-1:] not in _UNIT_SECONDS:
        raise Misunderstood(f"{word} is not a duration such as 90s, 15m, 6h or 7d")
    return _integer(word[:-1]) * _UNIT_SECONDS[word[-1]]


def _switch(word: str) -> bool:
    if word not in {"on", "off"}:
        raise Misunderstood(f"{word} is neither on nor off")
    return word == "on"


def _symbol(word: str) -> str:
    known = [terms.symbol for terms in ASSETS]
    if word not in known:
        raise Misunderstood(f"{word} is no asset; known: {', '.join(known)}")
    return word


def _request(scenario: Scenario, words: Sequence[str]) -> Requested:
    channel, investor = words[0], _investor(words[1])
    shares = scenario.shares_worth(_usdt(words[2]))
    if channel == "standard":
        return scenario.request_standard(investor, shares)
    if channel == "emergency":
        return scenario.request_emergency(investor, shares)
    if channel == "scheduled":
        return scenario.request_scheduled(investor, shares)
    raise Misunderstood(f"{channel} is not standard, emergency or scheduled")


def _alert(scenario: Scenario, words: Sequence[str]) -> Requested:
    if words[0] == "low":
        return scenario.trigger_low_liquidity_alert()
    if words[0] == "critical":
        return scenario.trigger_critical_liquidity_alert()
    raise Misunderstood(f"{words[0]} is neither low nor critical")


def _feed(scenario: Scenario, words: Sequence[str]) -> Receipt:
    symbol, state = _symbol(words[0]), words[1]
    price = scenario.price(symbol)
    if state in {"frozen", "live"}:
        return scenario.freeze_feed(symbol, frozen=state == "frozen")
    if state == "future":
        return scenario.distort_feed(symbol, ahead_seconds=_UNIT_SECONDS["h"])
    said = {"zero": 0, "negative": -price, "tenfold": 10 * price}
    if state not in said:
        raise Misunderstood(f"{state} is not frozen, live, zero, negative, tenfold or future")
    return scenario.distort_feed(symbol, price=said[state])


def _redeem(scenario: Scenario, words: Sequence[str]) -> Receipt:
    symbol = _symbol(words[0])
    decimals = next(terms.decimals for terms in ASSETS if terms.symbol == symbol)
    tokens = ceil_div(_usdt(words[1]) * int(10**decimals), scenario.price(symbol))
    return scenario.redeem(symbol, tokens)


def _bank_run(scenario: Scenario, words: Sequence[str]) -> str:
    run = BankRun(scenario)
    asked = run.holders_ask(share_bps=_integer(words[0]) * 100)
    alarm = run.liquidity_drains()
    raised = ", ".join(event.name for event in alarm.receipt.events)
    return f"{len(asked)} redemptions asked for; then {raised}"


def _recovery(scenario: Scenario, words: Sequence[str]) -> str:
    run = BankRun(scenario)
    run.assets_are_sold()
    run.deposits_come_back(_usdt(words[0]))
    return f"sold, and {words[0]} USDT came back: {scenario.state()}"


def _every_event(scenario: Scenario, _words: Sequence[str]) -> str:
    return f"{len(emit_every_v1_event(scenario))} transactions"


# A usage is the action's words, then two blanks, then what it does.
ACTIONS = {
    action.usage.split()[0]: action
    for action in (
        Action("state  the vault's figures", lambda s, _: s.state()),
        Action(
            "subscribe INVESTOR AMOUNT  deposit",
            lambda s, w: s.subscribe(_investor(w[0]), _usdt(w[1])),
        ),
        Action("request CHANNEL INVESTOR AMOUNT  standard, emergency or scheduled", _request),
        Action(
            "cancel INVESTOR ID  take a request back",
            lambda s, w: s.cancel(_investor(w[0]), _integer(w[1])),
        ),
        Action("approve ID  as an approver, on chain", lambda s, w: s.approve(_integer(w[0]))),
        Action("reject ID REASON  likewise", lambda s, w: s.reject(_integer(w[0]), w[1])),
        Action("settle ID  pay a due request", lambda s, w: s.settle(_integer(w[0]))),
        Action(
            "price ASSET PRICE  of the market, told by every feed",
            lambda s, w: s.set_prices({_symbol(w[0]): _usdt(w[1])}),
        ),
        Action(
            "misprice ASSET PRICE  what the contracts trade at, alone",
            lambda s, w: s.set_prices({_symbol(w[0]): _usdt(w[1])}, feeds=False),
        ),
        Action("feed ASSET STATE  frozen, live, zero, negative, tenfold or future", _feed),
        Action("prices  say all again, so that none is old", lambda s, _: s.refresh_prices()),
        Action("nav BPS  move NAV per share", lambda s, w: s.move_nav(_integer(w[0]))),
        Action("alert LEVEL  drain liquidity: low or critical", _alert),
        Action("bank-run PERCENT  holders want that share back, liquidity drains", _bank_run),
        Action("recovery AMOUNT  assets are sold, and that much is deposited", _recovery),
        Action("drain  L1 below its low mark, into L2", lambda s, _: s.drain_l1()),
        Action("restore  liquidity back to ordinary", lambda s, _: s.restore_liquidity()),
        Action("emergency SWITCH  on or off", lambda s, w: s.set_emergency_mode(_switch(w[0]))),
        Action("pause CONTRACT  vault, manager or controller", lambda s, w: s.pause(w[0])),
        Action("unpause CONTRACT  likewise", lambda s, w: s.unpause(w[0])),
        Action(
            "grant CONTRACT ROLE ADDRESS  a role on chain",
            lambda s, w: s.grant_role(w[0], w[1], w[2]),
        ),
        Action(
            "revoke CONTRACT ROLE ADDRESS  likewise",
            lambda s, w: s.revoke_role(w[0], w[1], w[2]),
        ),
        Action(
            "purchase ASSET AMOUNT  buy for USDT",
            lambda s, w: s.purchase(_symbol(w[0]), _usdt(w[1])),
        ),
        Action("redeem ASSET AMOUNT  sell for about that much USDT", _redeem),
        Action(
            "slippage BPS  of every counterparty",
            lambda s, w: s.set_slippage(_integer(w[0])),
        ),
        Action("fees  collect what has accrued", lambda s, _: s.collect_fees()),
        Action("advance DURATION  90s, 15m, 6h, 7d", lambda s, w: s.advance_time(_seconds(w[0]))),
        Action("mine COUNT  empty blocks", lambda s, w: s.mine(_integer(w[0]))),
        Action("reorg DEPTH  replace the last blocks", lambda s, w: s.reorg(_integer(w[0]))),
        Action("every-event  one of each; needs eight days", _every_event),
    )
}
