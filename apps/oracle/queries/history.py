"""How prices moved, how old and how far apart they are: for triggers, charts and risk."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, localcontext

from django.db import connection

from apps.oracle.queries.prices import prices_now

POINTS_MAX = 300
_DIGITS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class PricePoint:
    """What was known at an instant; prices have 18 decimals, None is unknown."""

    at: datetime
    price: int | None
    traded_price: int | None


def history(
    *, chain_id: int, token: str, start: datetime, end: datetime, points_max: int = POINTS_MAX
) -> list[PricePoint]:
    """An asset's prices from ``start`` to before ``end``, oldest first; of a long time, the last
    observation of each of about ``points_max`` equal parts."""
    step_seconds = max(int((end - start).total_seconds()) // points_max, 1)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT DISTINCT ON (part) at, price, traded_price
            FROM (
                SELECT at, price, traded_price,
                    date_bin(%s * interval '1 second', at, %s) AS part
                FROM oracle_price
                WHERE chain_id = %s AND token = %s AND at >= %s AND at < %s
            ) AS rows
            ORDER BY part, at DESC
            """,
            [step_seconds, start, chain_id, token.lower(), start, end],
        )
        return [
            PricePoint(at=at, price=_whole(price), traded_price=_whole(traded))
            for at, price, traded in cursor.fetchall()
        ]


def moves(*, chain_id: int, at: datetime, span: timedelta) -> dict[str, Decimal]:
    """The relative change of each known price over ``span`` (0.05 = +5 %), by token.

    It is compared with the newest price known at ``at − span``, of the ``span`` before that; where
    there was none, with the first one known since. A price known only once is left out.
    """
    now = {
        token: view
        for token, view in prices_now(chain_id=chain_id, at=at).items()
        if view.price is not None
    }
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT token, coalesce(
                (SELECT price FROM oracle_price
                 WHERE chain_id = %(chain)s AND token = wanted.token AND price IS NOT NULL
                     AND at <= %(start)s AND at > %(before)s ORDER BY at DESC LIMIT 1),
                (SELECT price FROM oracle_price
                 WHERE chain_id = %(chain)s AND token = wanted.token AND price IS NOT NULL
                     AND at > %(start)s AND at < %(end)s ORDER BY at LIMIT 1)
            ) FROM unnest(%(tokens)s::text[]) AS wanted(token)
            """,
            {
                "chain": chain_id,
                "tokens": list(now),
                "start": at - span,
                "before": at - 2 * span,
                "end": max((view.at for view in now.values() if view.at), default=at),
            },
        )
        before = {token: _whole(price) for token, price in cursor.fetchall()}
    with localcontext(prec=_DIGITS):
        return {
            token: Decimal(view.price) / Decimal(old) - 1
            for token, view in now.items()
            if view.price is not None and (old := before.get(token))
        }


def oldest_price_age(*, chain_id: int, at: datetime) -> timedelta | None:
    """The age of the oldest figure in any price of the newest observation; None when one of them is
    unknown, or there is none: then nobody can say."""
    views = list(prices_now(chain_id=chain_id, at=at).values())
    if not views or any(view.price is None for view in views):
        return None
    return max((view.age for view in views if view.age is not None), default=None)


def worst_deviation(*, chain_id: int, at: datetime) -> int | None:
    """How far the contracts' prices are from the agreed ones at most, in basis points; None when
    one of them is unknown, or there is none."""
    views = list(prices_now(chain_id=chain_id, at=at).values())
    if not views or any(view.price is None or view.deviation_bps is None for view in views):
        return None
    return max(abs(view.deviation_bps or 0) for view in views)


def _whole(value: Decimal | None) -> int | None:
    return None if value is None else int(value)
