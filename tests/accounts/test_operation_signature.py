"""The wallet signature that sensitive REST requests carry."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import RequestFactory
from django.utils import timezone
from rest_framework.parsers import JSONParser
from rest_framework.request import Request

from apps.accounts.api.signatures import SignatureRequired, require_operation_signature
from apps.accounts.operations import (
    BadSignature,
    NonceUsed,
    NoWallet,
    SignatureExpired,
    WrongSigner,
)
from apps.accounts.operations.upkeep import forget_expired
from apps.audit.models import OperationLog
from tests.accounts.people import Person, operation_headers, person

pytestmark = pytest.mark.django_db
PATH = "/api/v1/redemptions/7/settle?dry=1"
BODY = b'{"reason": "due"}'


@pytest.fixture
def ana() -> Person:
    return person("OPERATOR")


def request(
    who: Person,
    headers: dict[str, str],
    *,
    method: str = "POST",
    path: str = PATH,
    body: bytes = BODY,
) -> Request:
    plain = RequestFactory().generic(
        method, path, body, content_type="application/json", headers=headers
    )
    made = Request(plain, parsers=[JSONParser()])
    made.user = who.user
    return made


def headers(who: Person, **changes: Any) -> dict[str, str]:
    return operation_headers(who, **{"method": "POST", "path": PATH, "body": BODY, **changes})


class TestRequireOperationSignature:
    def test_returns_the_signer_and_leaves_the_body_readable(self, ana: Person) -> None:
        made = request(ana, headers(ana))

        assert require_operation_signature(made) == ana.wallet
        assert made.data == json.loads(BODY)

    @pytest.mark.parametrize(
        "changes", [{"method": "PUT"}, {"path": "/api/v1/redemptions/8/settle"}, {"body": b"{}"}]
    )
    def test_refuses_a_signature_for_another_request(
        self, ana: Person, changes: dict[str, Any]
    ) -> None:
        with pytest.raises(WrongSigner):
            require_operation_signature(request(ana, headers(ana), **changes))

    def test_refuses_another_chain(self, ana: Person) -> None:
        with pytest.raises(WrongSigner):
            require_operation_signature(request(ana, headers(ana, chain_id=56)))

    def test_refuses_a_replay_by_anybody(self, ana: Person) -> None:
        signed = headers(ana)
        require_operation_signature(request(ana, signed))

        with pytest.raises(NonceUsed):
            require_operation_signature(request(ana, signed))
        with pytest.raises(WrongSigner):
            require_operation_signature(request(person("OPERATOR"), signed))

    def test_refuses_the_nonce_in_other_letters(self, ana: Person) -> None:
        nonce = "0x" + "ab" * 32
        require_operation_signature(request(ana, headers(ana, nonce=nonce)))

        with pytest.raises(NonceUsed):
            require_operation_signature(request(ana, headers(ana, nonce="0x" + "AB" * 32)))

    @pytest.mark.parametrize("minutes", [-6, 6])
    def test_refuses_old_and_future_timestamps(self, ana: Person, minutes: int) -> None:
        at = timezone.now() + timedelta(minutes=minutes)

        with pytest.raises(SignatureExpired):
            require_operation_signature(request(ana, headers(ana, at=at)))

    def test_a_used_nonce_is_remembered_while_its_signature_could_be_good(
        self, ana: Person
    ) -> None:
        signed = headers(ana, at=timezone.now() + timedelta(minutes=4))
        require_operation_signature(request(ana, signed))

        forget_expired(timezone.now() + timedelta(minutes=9))

        with pytest.raises(NonceUsed):
            require_operation_signature(request(ana, signed))

    def test_refuses_another_wallets_name(self, ana: Person) -> None:
        signed = headers(ana) | {"X-Wallet-Address": person("OPERATOR").key.address}

        with pytest.raises(WrongSigner):
            require_operation_signature(request(ana, signed))

    def test_refuses_who_has_no_wallet(self) -> None:
        nobody = person("OPERATOR", with_wallet=False)

        with pytest.raises(NoWallet):
            require_operation_signature(request(nobody, headers(nobody)))

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("X-Wallet-Address", ""),
            ("X-Wallet-Address", "0x12"),
            ("X-Wallet-Signature", ""),
            ("X-Signature-Timestamp", "now"),
            ("X-Signature-Timestamp", "-1"),
            ("X-Signature-Timestamp", "9" * 13),
            ("X-Signature-Nonce", "1"),
        ],
    )
    def test_refuses_missing_and_malformed_headers(
        self, ana: Person, name: str, value: str
    ) -> None:
        with pytest.raises(SignatureRequired, match=name):
            require_operation_signature(request(ana, headers(ana) | {name: value}))

    def test_records_refusals(self, ana: Person) -> None:
        with pytest.raises(BadSignature):
            require_operation_signature(request(ana, headers(ana) | {"X-Wallet-Signature": "0xzz"}))

        row = OperationLog.objects.get(action="signature.refused")
        assert (row.actor_user_id, row.after["path"]) == (ana.id, PATH)
