"""An HTTP source, asked once: whatever the other side does, the answer is a figure or a reason."""

import time
from dataclasses import dataclass
from datetime import datetime

from apps.oracle.client import exchange, figures
from apps.oracle.client.trouble import NoFigure

__all__ = ["HttpAnswer", "ask"]


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpAnswer:
    """What an HTTP source said.

    ``price`` is USDT per whole token with 18 decimals, as given: it may be zero or less. None when
    there is none, and ``error`` says why. ``as_of`` is None where the source names no time.
    """

    price: int | None = None
    as_of: datetime | None = None
    error: str = ""
    latency_ms: int | None = None


def ask(
    *, url: str, price_path: str, time_path: str, seconds: float, allow_private: bool
) -> HttpAnswer:
    """Get a URL and find the price in what it answers, within ``seconds`` for all of it.

    ``allow_private`` lets plain HTTP and addresses of private networks through.
    """
    began = time.monotonic()
    try:
        body = exchange.get(url, ends_at=began + seconds, allow_private=allow_private)
        latency_ms = int((time.monotonic() - began) * 1000)
        price, as_of = figures.find(body, price_path=price_path, time_path=time_path)
    except NoFigure as trouble:
        return HttpAnswer(error=str(trouble))
    return HttpAnswer(price=price, as_of=as_of, latency_ms=latency_ms)
