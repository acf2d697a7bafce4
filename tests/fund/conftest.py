"""Fixtures of the fund's tests."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction

from paimon import subscriptions
from tests.fund.facts import Logs


@pytest.fixture
def logs() -> Logs:
    """A fresh chain."""
    return Logs()


@pytest.fixture
def project() -> Callable[..., None]:
    """Applies facts as the dispatcher does, together in one transaction, to this app alone."""

    def apply(*facts: Any) -> None:
        with transaction.atomic():
            for fact in facts:
                for handler in subscriptions.PROJECTIONS[type(fact)]:
                    if handler.__module__.startswith("apps.fund."):
                        handler(fact)

    return apply
