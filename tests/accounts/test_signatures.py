"""One decision, one signature, one use."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from eth_account import Account

from apps.accounts import operations
from apps.accounts.models import Nonce
from apps.accounts.operations import (
    BadSignature,
    NonceUsed,
    NoWallet,
    SignatureExpired,
    WrongSigner,
    consume_signature,
    contract_wallets,
    issue_nonce,
)
from apps.accounts.operations.contract_wallets import ContractVerdict, VerdictInTransaction
from apps.accounts.rules.signatures import CURVE_ORDER, NotASignature, canonical_signature
from apps.core.errors import Unavailable
from tests.accounts.people import Person, person, sign_typed_data

AT = datetime(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC)
PURPOSE = "vote on ticket 7"


def typed_data(nonce: str, expires_at: datetime, chain_id: int = 31337) -> dict[str, Any]:
    return {
        "types": {
            "EIP712Domain": [
                {"name": "name", "type": "string"},
                {"name": "version", "type": "string"},
                {"name": "chainId", "type": "uint256"},
            ],
            "Vote": [
                {"name": "ticketId", "type": "uint256"},
                {"name": "decision", "type": "string"},
                {"name": "nonce", "type": "bytes32"},
                {"name": "expiresAt", "type": "uint256"},
            ],
        },
        "primaryType": "Vote",
        "domain": {"name": "Paimon", "version": "1", "chainId": chain_id},
        "message": {
            "ticketId": 7,
            "decision": "APPROVE",
            "nonce": nonce,
            "expiresAt": int(expires_at.timestamp()),
        },
    }


class Vote:
    """A vote as its voter signs it; the keyword arguments of ``consume_signature``."""

    def __init__(self, who: Person, at: datetime = AT) -> None:
        self.at = at
        self.expires_at = (at + timedelta(minutes=5)).replace(microsecond=0)
        self.nonce = issue_nonce(user_id=who.id, purpose=PURPOSE, at=at)
        self.typed_data = typed_data(self.nonce, self.expires_at)
        self.signature = sign_typed_data(who, self.typed_data)
        self.user_id = who.id

    def use(self, **changes: Any) -> str:
        return consume_signature(
            **{
                "user_id": self.user_id,
                "purpose": PURPOSE,
                "typed_data": self.typed_data,
                "nonce": self.nonce,
                "signature": self.signature,
                "expires_at": self.expires_at,
                "at": self.at,
                **changes,
            }
        )


@pytest.fixture
def victor(db: None) -> Person:
    return person("VIP_APPROVER")


@pytest.fixture
def vote(victor: Person) -> Vote:
    return Vote(victor)


class TestConsumeSignature:
    def test_returns_the_signer_and_uses_the_nonce_up(self, victor: Person, vote: Vote) -> None:
        assert vote.use() == victor.wallet
        assert Nonce.objects.get(value=vote.nonce).used_at == AT

    def test_refuses_a_replay(self, vote: Vote) -> None:
        vote.use()

        with pytest.raises(NonceUsed):
            vote.use()

    def test_refuses_a_nonce_nobody_issued(self, victor: Person, vote: Vote) -> None:
        nonce = "0x" + "ab" * 32
        data = typed_data(nonce, vote.expires_at)

        with pytest.raises(NonceUsed):
            vote.use(nonce=nonce, typed_data=data, signature=sign_typed_data(victor, data))

    @pytest.mark.parametrize("nonce", ["", "0x", "x" * 66, "0x" + "g" * 64, "0x" + "AB" * 32])
    def test_refuses_a_malformed_nonce(self, vote: Vote, nonce: str) -> None:
        data = {**vote.typed_data, "message": {**vote.typed_data["message"], "nonce": nonce}}

        with pytest.raises(NonceUsed):
            vote.use(nonce=nonce, typed_data=data)

    def test_refuses_a_nonce_issued_to_somebody_else(self, vote: Vote) -> None:
        vera = person("VIP_APPROVER")

        with pytest.raises(NonceUsed):
            vote.use(user_id=vera.id, signature=sign_typed_data(vera, vote.typed_data))

    def test_refuses_a_nonce_issued_for_something_else(self, vote: Vote) -> None:
        with pytest.raises(NonceUsed):
            vote.use(purpose="vote on ticket 8")

    def test_refuses_after_expiry(self, vote: Vote) -> None:
        with pytest.raises(SignatureExpired):
            vote.use(at=vote.expires_at)

    def test_refuses_an_expiry_beyond_the_nonces_own(self, victor: Person, vote: Vote) -> None:
        later = vote.expires_at + timedelta(minutes=1)
        data = typed_data(vote.nonce, later)

        with pytest.raises(SignatureExpired):
            vote.use(typed_data=data, expires_at=later, signature=sign_typed_data(victor, data))

    def test_refuses_another_signer(self, vote: Vote) -> None:
        stranger = Account.create()

        with pytest.raises(WrongSigner):
            vote.use(signature=sign_typed_data(stranger, vote.typed_data))

    def test_refuses_a_signature_for_another_chain(self, victor: Person, vote: Vote) -> None:
        elsewhere = typed_data(vote.nonce, vote.expires_at, chain_id=56)

        with pytest.raises(WrongSigner):
            vote.use(signature=sign_typed_data(victor, elsewhere))

    def test_refuses_a_signature_of_other_words(self, vote: Vote) -> None:
        message = {**vote.typed_data["message"], "decision": "REJECT"}

        with pytest.raises(WrongSigner):
            vote.use(typed_data={**vote.typed_data, "message": message})

    def test_refuses_when_nonce_or_expiry_are_not_what_was_signed(self, vote: Vote) -> None:
        with pytest.raises(WrongSigner):
            vote.use(expires_at=vote.expires_at - timedelta(seconds=1))
        with pytest.raises(WrongSigner):
            vote.use(nonce="0x" + "00" * 32)

    def test_refuses_the_malleable_twin(self, vote: Vote) -> None:
        raw = bytes.fromhex(vote.signature[2:])
        twin_s = CURVE_ORDER - int.from_bytes(raw[32:64], "big")
        twin = raw[:32] + twin_s.to_bytes(32, "big") + bytes([55 - raw[64]])

        with pytest.raises(BadSignature, match="malleable"):
            vote.use(signature="0x" + twin.hex())

    def test_refuses_who_has_no_wallet(self, db: None) -> None:
        walletless = person("VIP_APPROVER", with_wallet=False)

        with pytest.raises(NoWallet):
            Vote(walletless).use()

    def test_a_refusal_leaves_the_nonce_for_a_better_try(self, vote: Vote) -> None:
        with pytest.raises(BadSignature):
            vote.use(signature="0x1234")

        vote.use()

    def test_a_rolled_back_decision_gives_the_nonce_back(self, vote: Vote) -> None:
        def decide_and_fail() -> None:
            with transaction.atomic():
                vote.use()
                raise InterruptedError

        with pytest.raises(InterruptedError):
            decide_and_fail()

        vote.use()


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def test_ten_uses_of_one_signature_count_once(self) -> None:
        vote = Vote(person("VIP_APPROVER"))
        barrier = threading.Barrier(10)
        results: list[str] = []

        def use() -> None:
            barrier.wait(10)
            try:
                vote.use()
                results.append("counted")
            except NonceUsed:
                results.append("refused")
            finally:
                connection.close()

        threads = [threading.Thread(target=use) for _ in range(10)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)

        assert sorted(results) == ["counted"] + ["refused"] * 9


class TestCanonicalSignature:
    GOOD = "0x" + "11" * 32 + "22" * 32 + "1b"

    def test_reads_a_good_one(self) -> None:
        assert len(canonical_signature(self.GOOD)) == 65

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "0x",
            GOOD[2:],
            GOOD + "00",
            GOOD[:-2],
            GOOD[:-2] + "00",
            GOOD[:-2] + "1d",
            "0x" + "00" * 32 + "22" * 32 + "1b",
            "0x" + "11" * 32 + "00" * 32 + "1b",
            "0x" + "ff" * 32 + "22" * 32 + "1b",
            "0x" + "11" * 32 + "ff" * 32 + "1b",
            "0x" + "zz" * 65,
            "0x" + "٣" * 130,
            "0x " + "11" * 65,
        ],
    )
    def test_refuses_anything_else(self, text: str) -> None:
        with pytest.raises(NotASignature):
            canonical_signature(text)


class TestContractWallets:
    @pytest.fixture(autouse=True)
    def _unplug(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(contract_wallets, "_verifiers", [])

    def test_without_a_verifier_nobody_is_asked(self, victor: Person, vote: Vote) -> None:
        assert (
            operations.contract_verdict(
                user_id=victor.id, typed_data=vote.typed_data, signature="0x1234"
            )
            is None
        )

    def test_the_chain_is_not_asked_inside_a_transaction(self, victor: Person, vote: Vote) -> None:
        operations.use_contract_wallet_verifier(lambda **_: True)

        with transaction.atomic(), pytest.raises(VerdictInTransaction):
            operations.contract_verdict(
                user_id=victor.id, typed_data=vote.typed_data, signature="0x1234"
            )

    def test_a_wallet_with_a_key_needs_no_contract(self, victor: Person, vote: Vote) -> None:
        asked: list[dict[str, Any]] = []
        operations.use_contract_wallet_verifier(lambda **call: asked.append(call) or True)

        verdict = operations.contract_verdict(
            user_id=victor.id,
            typed_data=vote.typed_data,
            signature=sign_typed_data(victor, vote.typed_data),
        )

        assert (verdict, asked) == (None, [])

    def test_while_the_chain_is_silent_only_a_contracts_signature_has_to_wait(
        self, victor: Person, vote: Vote
    ) -> None:
        def silent(**_: Any) -> bool:
            raise Unavailable("No node answers.")

        operations.use_contract_wallet_verifier(silent)
        by_somebody_else = sign_typed_data(person("VIP_APPROVER"), vote.typed_data)

        for signature in (by_somebody_else, "no signature"):
            assert (
                operations.contract_verdict(
                    user_id=victor.id, typed_data=vote.typed_data, signature=signature
                )
                is None
            )
        with pytest.raises(Unavailable):
            operations.contract_verdict(
                user_id=victor.id, typed_data=vote.typed_data, signature="0x1234"
            )

    @pytest.mark.django_db(transaction=True)
    @pytest.mark.parametrize("answer", [True, False])
    def test_the_contracts_answer_counts(self, answer: bool) -> None:
        asked: list[dict[str, Any]] = []
        operations.use_contract_wallet_verifier(lambda **call: asked.append(call) or answer)
        safe = person("VIP_APPROVER")
        vote = Vote(safe)
        verdict = operations.contract_verdict(
            user_id=safe.id, typed_data=vote.typed_data, signature="0x1234"
        )

        assert asked[0]["address"] == safe.wallet
        if answer:
            assert vote.use(signature="0x1234", contract_verdict=verdict) == safe.wallet
        else:
            with pytest.raises(BadSignature):
                vote.use(signature="0x1234", contract_verdict=verdict)

    def test_a_verdict_about_something_else_does_not_count(
        self, victor: Person, vote: Vote
    ) -> None:
        verdict = ContractVerdict(address=victor.wallet, digest=b"\x00" * 32, signature=b"\x12\x34")

        with pytest.raises(BadSignature):
            vote.use(signature="0x1234", contract_verdict=verdict)
