"""Quotes are kept a fortnight, prices for ever, one an hour."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction

from apps.oracle import operations
from apps.oracle.models import Price, Quote
from apps.oracle.operations import pruning
from tests.oracle.readings import GOLD, MINUTE, MMF, NOON, ONE, reading, record

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("facts")]
FORTNIGHT = timedelta(days=14)


def observe_at(*minutes: int) -> None:
    for minute in minutes:
        record(reading({MMF: ONE, GOLD: ONE}), at=NOON + minute * MINUTE)


class TestPrune:
    def test_leaves_the_first_price_of_each_old_hour(self) -> None:
        observe_at(0, 1, 59, 60, 61, 120)

        gone = operations.prune(at=NOON + FORTNIGHT + 61 * MINUTE)

        assert gone == (8, 4)
        kept = Price.objects.filter(token=MMF).order_by("at").values_list("at", flat=True)
        assert list(kept) == [NOON + minute * MINUTE for minute in (0, 60, 61, 120)]
        assert Quote.objects.filter(price_row__token=MMF).count() == 2

    def test_again_changes_nothing(self) -> None:
        observe_at(0, 1, 2)
        operations.prune(at=NOON + 2 * FORTNIGHT)

        assert operations.prune(at=NOON + 2 * FORTNIGHT) == (0, 0)

    def test_in_portions(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(pruning, "ROWS_AT_ONCE", 3)
        observe_at(0, 1, 2, 3)

        assert operations.prune(at=NOON + 2 * FORTNIGHT) == (8, 6)


class TestNoOtherWay:
    def test_what_was_observed_is_not_rewritten(self) -> None:
        observe_at(0)

        for rows, change in (
            (Price.objects.all(), {"price": 2 * ONE, "reason": ""}),
            (Quote.objects.all(), {"price": 2 * ONE}),
        ):
            with pytest.raises(DatabaseError, match="stays as it is"), transaction.atomic():
                rows.update(**change)
