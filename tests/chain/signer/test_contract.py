"""What every kind of signer must hold, wherever its key is."""

import logging
import traceback
from dataclasses import replace

import pytest
from eth_account import Account
from eth_utils.crypto import keccak

from apps.chain import signer
from apps.chain.signer.keys import key_of
from devnet.rpc import Rpc
from tests.chain.signer.kept import ELSEWHERE, HIGHEST_S, Kept, decoded, fields

SIGNATURES = 50
"""Enough that a kind that gives either twin gives a high one, but for one run in 10 to the 15."""


class TestEverySigner:
    def test_signs_what_was_asked_as_its_own_account(self, kept: Kept) -> None:
        asked = fields(nonce=7, value=3, data="0x")

        signed = signer.sign(kept.config, asked)

        said = decoded(signed.raw)
        assert {name: said[name] for name in asked} == {**asked, "to": ELSEWHERE}
        assert said["accessList"] == []
        assert Account.recover_transaction(signed.raw).lower() == kept.config.address
        assert signed.tx_hash == "0x" + keccak(hexstr=signed.raw).hex()

    def test_s_is_always_low(self, kept: Kept) -> None:
        signed = [
            decoded(signer.sign(kept.config, fields(nonce)).raw) for nonce in range(SIGNATURES)
        ]

        assert max(said["s"] for said in signed) <= HIGHEST_S
        assert {said["parity"] for said in signed} == {0, 1}

    def test_the_key_signs_these_32_bytes_and_hashes_nothing(self, kept: Kept) -> None:
        digest = keccak(b"any")

        r, s = key_of(kept.config).sign_digest(digest)

        recovered = {Account._recover_hash(digest, vrs=(v, r, s)).lower() for v in (27, 28)}
        assert kept.config.address in recovered

    def test_a_node_mines_it(self, kept: Kept, node: Rpc) -> None:
        node.call("anvil_setBalance", kept.config.address, hex(10**18))

        signed = signer.sign(kept.config, fields(nonce=0))

        assert node.call("eth_sendRawTransaction", signed.raw) == signed.tx_hash
        node.call("anvil_mine")
        receipt = node.call("eth_getTransactionReceipt", signed.tx_hash)
        assert (receipt["status"], receipt["from"]) == ("0x1", kept.config.address)

    def test_check_is_content(self, kept: Kept) -> None:
        signer.check(kept.config)

    def test_another_accounts_key_is_refused(self, kept: Kept) -> None:
        config = replace(kept.config, address=ELSEWHERE)

        with pytest.raises(signer.SignedOtherwise, match=ELSEWHERE):
            signer.sign(config, fields())
        with pytest.raises(
            signer.SignerUnavailable, match=f"is of {kept.config.address}, not of {ELSEWHERE}"
        ):
            signer.check(config)

    def test_out_of_reach_nothing_is_signed(self, kept: Kept) -> None:
        with pytest.raises(signer.SignerUnavailable):
            signer.sign(kept.out_of_reach, fields())
        with pytest.raises(signer.SignerUnavailable):
            signer.check(kept.out_of_reach)

    def test_secrets_are_told_nowhere(self, kept: Kept, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG)

        signer.sign(kept.config, fields())
        with pytest.raises(signer.SignerUnavailable) as refusal:
            signer.sign(kept.out_of_reach, fields())

        key = key_of(kept.config)
        told = [caplog.text, repr(key), repr(kept.config)]
        told += traceback.format_exception(refusal.value)
        assert not [secret for secret in kept.secrets if secret in "".join(told)]
