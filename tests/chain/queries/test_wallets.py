"""A real Safe asked whether its owners signed."""

import shutil
from pathlib import Path

import pytest
from django.conf import LazySettings

from apps.chain import config, queries
from apps.chain.config import SignerTier
from apps.chain.queries.nodes import web_client
from devnet.accounts import STRANGER
from devnet.safe import Safe
from tests.chain.safe_owners import owners, signed_by
from tests.chain_world import World
from tests.faults.proxy import Answer, Call, Fault, FaultyNode, method

pytestmark = [pytest.mark.chain, pytest.mark.django_db]

DIGEST = b"\x17" * 32


def safe_of(world: World) -> str:
    warm = world.config.signer(SignerTier.WARM)
    assert warm is not None
    return warm.address


class SaysYes(Fault):
    """Whatever a contract is asked, the magic value of a signature that counts."""

    def instead(self, call: Call, node: FaultyNode) -> Answer | None:
        return {"result": "0x1626ba7e" + "00" * 28}


class TestContractWalletAccepts:
    def test_as_many_owners_as_it_wants(self, world: World) -> None:
        safe = safe_of(world)
        signature = signed_by(owners()[:2], safe, world.config.chain_id, DIGEST)

        assert queries.contract_wallet_accepts(address=safe, digest=DIGEST, signature=signature)

    def test_nothing_else(self, world: World) -> None:
        safe, chain_id = safe_of(world), world.config.chain_id
        two = signed_by(owners()[:2], safe, chain_id, DIGEST)
        stranger = [owners()[0], STRANGER.account]

        refused = [
            (DIGEST[::-1][:-1] + b"\0", two),
            (DIGEST, b""),
            (DIGEST, b"\x12\x34"),
            (DIGEST, two[:65]),
            (DIGEST, two[65:] + two[:65]),
            (DIGEST, two[:65] * 2),
            (DIGEST, signed_by(stranger, safe, chain_id, DIGEST)),
            (DIGEST, signed_by(owners()[:2], safe, chain_id + 1, DIGEST)),
            (DIGEST, two + bytes(10_000)),
        ]

        assert not [
            signature
            for digest, signature in refused
            if queries.contract_wallet_accepts(address=safe, digest=digest, signature=signature)
        ]

    def test_an_account_without_code_and_another_contract_say_no(self, world: World) -> None:
        for address in (STRANGER.address, world.config.contract("vault").address):
            assert not queries.contract_wallet_accepts(
                address=address.lower(), digest=DIGEST, signature=b"\x12\x34"
            )

    @pytest.mark.parametrize(
        "code",
        [
            "5b600056",  # loops until its gas is gone
            "5b366000600037600060003660006000305af1600056",  # calls itself, again and again
            "fe",  # no instruction
            "50",  # takes from an empty stack
            "6000ff",  # changes state
            "6300100000" + "6000f3",  # returns a megabyte
            "7f1626ba7e" + "00" * 28 + "60005260406000f3",  # its yes, and more
            "631626ba7e60005260206000f3",  # its yes, at the wrong end
            "7f1626ba7e" + "00" * 28 + "60005260046000f3",  # its yes, cut short
            "7f1626ba7e" + "00" * 28 + "60005260206000fd",  # its yes, taken back
        ],
    )
    def test_a_contract_that_fails_or_says_something_else_says_no(
        self, world: World, code: str
    ) -> None:
        address = "0x" + "c0de" * 10
        client = web_client(world.config)
        client.call("anvil_setCode", address, "0x" + code)

        accepted = queries.contract_wallet_accepts(
            address=address, digest=DIGEST, signature=b"\x12\x34"
        )

        assert not accepted
        assert client.nodes[0].health.failures == 0

    def test_a_contract_cannot_keep_a_node_busy(self, world: World) -> None:
        address = "0x" + "c0de" * 10
        client = web_client(world.config)
        # Yes, if it is given more gas than any wallet needs.
        yes = "7f1626ba7e" + "00" * 28 + "60005260206000f3"
        client.call("anvil_setCode", address, "0x" + "5a6298968010600a57" + "00" + "5b" + yes)

        assert not queries.contract_wallet_accepts(
            address=address, digest=DIGEST, signature=b"\x12\x34"
        )

    def test_a_signature_counts_as_the_owners_stand_now(self, world: World) -> None:
        safe = safe_of(world)
        signature = signed_by(owners()[:2], safe, world.config.chain_id, DIGEST)
        Safe(world.scenario.chain, safe).change("changeThreshold", 3)

        assert not queries.contract_wallet_accepts(address=safe, digest=DIGEST, signature=signature)

    def test_no_chain_has_no_contract(self, tmp_path: Path, settings: LazySettings) -> None:
        settings.CHAIN_FILE = str(tmp_path / "none.toml")
        config.reload()

        assert not queries.contract_wallet_accepts(
            address=STRANGER.address, digest=DIGEST, signature=b"\x12\x34"
        )

    def test_a_chain_that_does_not_answer_is_no_verdict(
        self, world: World, tmp_path: Path, settings: LazySettings
    ) -> None:
        chain_file = Path(settings.CHAIN_FILE)
        shutil.copytree(chain_file.parent, tmp_path / "dead")
        dead = tmp_path / "dead" / chain_file.name
        dead.write_text(dead.read_text().replace(world.node.url, "http://127.0.0.1:1"))
        settings.CHAIN_FILE = str(dead)
        config.reload()

        with pytest.raises(queries.ChainUnavailable):
            queries.contract_wallet_accepts(
                address=safe_of(world), digest=DIGEST, signature=b"\x12\x34"
            )

    def test_one_nodes_yes_is_not_enough_where_there_are_two(
        self, world: World, tmp_path: Path, settings: LazySettings
    ) -> None:
        """A node that says yes for anybody lets nobody in."""
        chain_file = Path(settings.CHAIN_FILE)
        shutil.copytree(chain_file.parent, tmp_path / "two")
        pair = tmp_path / "two" / chain_file.name
        with FaultyNode(world.node.url) as liar:
            liar.add(SaysYes(), when=method("eth_call"))
            both = f'["{liar.url}", "{world.node.url}"]'
            pair.write_text(pair.read_text().replace(f'["{world.node.url}"]', both))
            settings.CHAIN_FILE = str(pair)
            config.reload()

            accepted = queries.contract_wallet_accepts(
                address=safe_of(world), digest=DIGEST, signature=b"\x12\x34"
            )

        assert liar.calls
        assert not accepted
