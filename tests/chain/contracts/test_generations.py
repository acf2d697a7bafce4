"""Every event of both generations is known by its topic, and is a fact or ignored on purpose."""

from datetime import UTC, datetime
from typing import Any

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from apps.chain import contracts, events
from apps.chain.config import ContractConfig
from apps.chain.contracts import abi, redemption_manager
from apps.chain.events import Source
from tests.devnet.test_every_event import EVENTS as FIRST
from tests.devnet.test_every_event import INDEXED as FIRST_INDEXED
from tests.devnet.test_second_generation import EVENTS as SECOND
from tests.devnet.test_second_generation import INDEXED as SECOND_INDEXED

ADDRESS = "0x" + "a5" * 20
IGNORED = {"v1": {"Deposit"}, "v2": set()}
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def contract(kind: str, generation: str) -> ContractConfig:
    return ContractConfig(kind=kind, address=ADDRESS, start_block=0, generation=generation)


def source(kind: str) -> Source:
    return Source(
        log_id=1,
        chain_id=56,
        address=ADDRESS,
        contract_kind=kind,
        block_number=5,
        block_hash="0x" + "01" * 32,
        block_time=NOON,
        tx_hash="0x" + "02" * 32,
        position=0,
        log_index=0,
    )


def spoken(generation: str) -> list[tuple[str, str, int]]:
    """(kind, signature, number of indexed arguments) of all a generation emits."""
    words = [
        (kind, signature, FIRST_INDEXED.get(signature.partition("(")[0], 0))
        for kind, signatures in FIRST.items()
        for signature in signatures
        if generation == "v1" or not signature.startswith("DepositProcessed")
    ]
    if generation == "v2":
        words += [
            (kind, signature, SECOND_INDEXED.get(signature.partition("(")[0], 0))
            for kind, signatures in SECOND.items()
            for signature in signatures
        ]
    return words


EVERY = [(g, *word) for g in ("v1", "v2") for word in spoken(g)]


def example(kind: str) -> Any:
    """A value of an ABI type as a decoded log holds it; small, so that enumerations take it."""
    return {"bool": True, "address": ADDRESS, "string": "why", "bytes32": "0x" + "0c" * 32}.get(
        kind, "1"
    )


@pytest.mark.parametrize(("generation", "kind", "signature", "indexed"), EVERY)
def test_is_known_by_its_topic_and_makes_a_fact(
    generation: str, kind: str, signature: str, indexed: int
) -> None:
    speaker = contract(kind, generation)
    event = abi.event_for(speaker, "0x" + keccak(text=signature).hex())

    assert event is not None
    assert sum(is_indexed for _, _, is_indexed in event.inputs) == indexed
    ignored = event.name in IGNORED[generation]
    assert contracts.is_ignored(speaker, event.name) == ignored
    args = {name: example(type_name) for name, type_name, _ in event.inputs}
    key = contracts.key_of(speaker, event.name, source(kind), args)
    assert bool(key) != ignored


class TestGenerations:
    def test_v2_knows_what_v1_knows_but_for_the_old_subscription(self) -> None:
        for kind in ("vault", "redemption_manager", "asset_controller"):
            old, new = (abi._events(kind, generation, "[]") for generation in ("v1", "v2"))
            gone = {event.name for topic, event in old.items() if topic not in new}
            assert gone == ({"DepositProcessed"} if kind == "vault" else set())

    def test_each_counts_one_subscription_once(self) -> None:
        deposit = {"sender": ADDRESS, "assets": "5", "shares": "4"}
        old, new = contract("vault", "v1"), contract("vault", "v2")
        first = contracts.fact_of(
            old, "DepositProcessed", source("vault"), deposit | {"receiver": "r"}, {}
        )
        second = contracts.fact_of(new, "Deposit", source("vault"), deposit | {"owner": "r"}, {})

        assert first == second
        assert isinstance(first, events.SubscriptionProcessed)
        assert (first.receiver, first.assets, first.shares) == ("r", 5, 4)

    def test_v1_has_no_word_of_vouchers(self) -> None:
        topic = "0x" + keccak(text="VoucherMinted(uint256,uint256,address)").hex()

        assert abi.event_for(contract("redemption_manager", "v1"), topic) is None

    def test_locked_shares_are_in_escrow_in_v2_only(self) -> None:
        args = {"owner": ADDRESS, "shares": "1"}

        facts = [
            contracts.fact_of(contract("vault", g), "SharesLocked", source("vault"), args, {})
            for g in ("v1", "v2")
        ]

        assert [fact.in_escrow for fact in facts] == [False, True]  # type: ignore[attr-defined]

    def test_a_vouchers_facts_have_one_key_wherever_they_come_from(self) -> None:
        minted = contracts.key_of(
            contract("redemption_manager", "v2"),
            "VoucherMinted",
            source("redemption_manager"),
            {"requestId": "3", "tokenId": "9", "owner": ADDRESS},
        )
        moved = contracts.key_of(
            contract("voucher", "v2"),
            "Transfer",
            source("voucher"),
            {"from": ADDRESS, "to": ADDRESS, "tokenId": "9"},
        )

        assert minted == moved == "voucher:56:9"

    def test_a_voucher_speaks_the_same_in_every_generation(self) -> None:
        topic = "0x" + keccak(text="Transfer(address,address,uint256)").hex()
        event = abi.event_for(contract("voucher", "v1"), topic)

        assert event is not None
        assert not contracts.is_ignored(contract("voucher", "v1"), "Transfer")
        with pytest.raises(abi.Undecodable):
            event.decode([topic, "0x" + "00" * 32, "0x" + "00" * 32], "0x" + "00" * 32)

    def test_one_parameter_fact_for_all(self) -> None:
        fact = contracts.fact_of(
            contract("redemption_manager", "v2"),
            "EmergencyPenaltyFeeUpdated",
            source("redemption_manager"),
            {"newFeeBps": "120", "oldFeeBps": "100"},
            {},
        )

        assert fact == events.ContractParameterUpdated(
            source=source("redemption_manager"),
            name="EmergencyPenaltyFee",
            old_value=100,
            new_value=120,
        )


def test_a_request_reads_the_same_with_the_field_that_v2_adds_to_it() -> None:
    fields = [
        "uint256",
        "address",
        "address",
        *["uint256"] * 6,
        "uint8",
        "uint8",
        "bool",
        "uint256",
    ]
    values = [7, ADDRESS, ADDRESS, 4, 5, 123, 0, 0, 0, 1, 0, True, 0]
    returned = "0x" + encode([*fields, "bool"], [*values, True]).hex()

    read = redemption_manager.reading_values({"requestId": "7"}, returned)

    assert read == {"locked_nav_per_share": "123", "derived": False}


class TestErrors:
    @pytest.mark.parametrize(
        ("signature", "words"),
        [
            ("NotVoucherOwner(address,address)", "NotVoucherOwner(caller="),
            ("InvalidSettlementTime(uint256,uint256)", "InvalidSettlementTime(provided=0"),
            ("CancellationDisabled()", "CancellationDisabled()"),
            ("EmergencyQuotaExceeded(uint256,uint256)", "EmergencyQuotaExceeded(available=0"),
            ("NotPendingApproval(uint256)", "NotPendingApproval("),
            ("AccessControlUnauthorizedAccount(address,bytes32)", "AccessControlUnauthorized"),
        ],
    )
    def test_of_both_generations_are_said_in_words(self, signature: str, words: str) -> None:
        data = "0x" + keccak(text=signature)[:4].hex() + "00" * 64

        assert abi.revert_in_words(data, "reverted").startswith(words)

    def test_a_contracts_own_words_can_be_kept_and_are_short(self) -> None:
        said = b"a\x00b\xff" + b"x" * 100_000
        words = abi.CODEC.encode(["bytes"], [said])  # laid out as a string is
        data = "0x08c379a0" + words.hex()

        shown = abi.revert_in_words(data, "reverted")

        assert shown.startswith("a\ufffdb\ufffdxxx")
        assert len(shown) <= 500

    @pytest.mark.parametrize("signature", ["Error(string)", "Panic(uint256)"])
    @pytest.mark.parametrize("body", ["", "f", "zz", "ff" * 64, "00" * 31 + "20" + "ff" * 32])
    def test_data_that_is_cut_off_or_made_up_is_said_somehow(
        self, signature: str, body: str
    ) -> None:
        data = "0x" + keccak(text=signature)[:4].hex() + body

        assert abi.revert_in_words(data, "reverted")
