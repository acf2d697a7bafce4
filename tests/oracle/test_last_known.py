"""How old the price in use is, also where it was lost."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.oracle import queries
from apps.oracle.models import Price

pytestmark = pytest.mark.django_db

CHAIN = 31337
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
MMF, GOLD = "0x" + "a1" * 20, "0x" + "b2" * 20


def price(token: str, *, ago: timedelta, older_by: timedelta = MINUTE, known: bool = True) -> None:
    at = NOON - ago
    Price.objects.create(
        chain_id=CHAIN,
        token=token,
        at=at,
        block_number=1,
        block_hash="0x" + "00" * 32,
        price=10**18 if known else None,
        reason="" if known else "Too few figures.",
        sources_used=2 if known else 0,
        oldest_at=at - older_by if known else None,
    )


def ages(*tokens: str) -> dict[str, timedelta | None]:
    return queries.ages_of_last_known(chain_id=CHAIN, tokens=tokens, at=NOON)


class TestAges:
    def test_are_of_the_oldest_figure_in_the_newest_price(self) -> None:
        price(MMF, ago=2 * MINUTE)
        price(MMF, ago=MINUTE, older_by=9 * MINUTE)

        assert ages(MMF) == {MMF: 10 * MINUTE}

    def test_go_on_while_a_price_is_lost(self) -> None:
        price(MMF, ago=60 * MINUTE)
        price(MMF, ago=MINUTE, known=False)

        assert ages(MMF.upper().replace("0X", "0x")) == {MMF: 61 * MINUTE}

    def test_are_unknown_where_there_never_was_one(self) -> None:
        price(MMF, ago=MINUTE, known=False)

        assert ages(MMF, GOLD) == {MMF: None, GOLD: None}

    def test_are_never_negative(self) -> None:
        price(MMF, ago=-5 * MINUTE)

        assert ages(MMF) == {MMF: timedelta(0)}

    def test_of_nothing_are_nothing(self) -> None:
        assert ages() == {}
