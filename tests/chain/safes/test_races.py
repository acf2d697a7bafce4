"""Owners and senders at the same time, over a database whose transactions really commit."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection

from apps.chain.models import SafeConfirmation, SafeProposal
from apps.chain.operations import safe_signing
from apps.core.errors import Refused
from tests.chain.safes.desk import Desk

pytestmark = [
    pytest.mark.chain,
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
]


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """What each did, or the error it raised."""

    def run(act: Callable[[], Any]) -> Any:
        try:
            return act()
        except Refused as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def test_proposals_at_once_never_share_a_nonce(committed_desk: Desk) -> None:
    rows = [committed_desk.ask(f"k{number}", 20_000) for number in range(4)]

    at_once(*(lambda row=row: committed_desk.prepare(row) for row in [*rows, *rows]))

    nonces = SafeProposal.objects.order_by("safe_nonce").values_list("safe_nonce", flat=True)
    assert list(nonces) == [0, 1, 2, 3]


def test_a_double_click_is_one_signature(committed_desk: Desk) -> None:
    proposal = committed_desk.propose()
    who = committed_desk.owners[0]

    first, second = at_once(*[lambda: committed_desk.sign(proposal, who)] * 2)

    refused = first or second
    assert isinstance(refused, safe_signing.CannotConfirm)
    assert SafeConfirmation.objects.count() == 1
