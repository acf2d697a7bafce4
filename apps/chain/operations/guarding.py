"""Whether a trade may go out now by what upper apps know; they say so through this port."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeQuestion:
    """A trade that is about to be tried or signed.

    ``subject_id`` is a token's address for purchases and sales of one asset, a tier's name for the
    other kinds.
    """

    chain_id: int
    kind: str
    subject_id: str
    at: datetime


TradeGuard = Callable[[TradeQuestion], str]
"""Why a trade may not go out, "" when it may. Asked inside a database transaction: rows only."""

_guards: list[TradeGuard] = []


def use_trade_guard(guard: TradeGuard | None) -> None:
    """Say who knows whether assets may be traded; the composition root does. None: nobody."""
    _guards[:] = [guard] if guard else []


def why_not_trade(question: TradeQuestion) -> str:
    """What the guard says; "" when there is none."""
    return next((guard(question) for guard in _guards), "")
