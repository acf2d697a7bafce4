"""Which wallet would carry a call, and what it may still move."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from apps.chain import config as chain_config
from apps.chain import operations, queries
from apps.chain.config import ChainConfig, KeystoreKey, SafeWallet, SignerConfig, SignerTier
from apps.chain.models import Reservation, SignerAccount
from apps.chain.queries import routes
from apps.chain.queries.routes import Room
from apps.chain.rules import scopes
from apps.core.units import WAD
from tests.approvals.helpers import CHAIN, NOON, SYSTEM
from tests.chain.queries.test_transactions import transaction

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quiet_chain")]

HOT, SECOND, SAFE = "0x" + "51" * 20, "0x" + "52" * 20, "0x" + "5a" * 20
KIND = "PURCHASE_ASSET"


@pytest.fixture
def chain(monkeypatch: pytest.MonkeyPatch) -> ChainConfig:
    """A chain with two keys and a Safe."""
    key = KeystoreKey(keystore=Path("key.json"), password_env="PASSWORD")
    signers = (
        SignerConfig(name="hot", address=HOT, key=key),
        SignerConfig(name="second", address=SECOND, key=key),
        SignerConfig(
            name="treasury",
            address=SAFE,
            key=SafeWallet(executor="hot"),
            per_transaction_units=500_000,
            per_day_units=2_000_000,
        ),
    )
    return use(monkeypatch, replace(chain_config.chain(CHAIN), signers=signers))


def use(monkeypatch: pytest.MonkeyPatch, config: ChainConfig) -> ChainConfig:
    monkeypatch.setattr(routes.chain_config, "chain", lambda _chain_id: config)
    return config


def allowing(chain: ChainConfig, **allowed: str) -> ChainConfig:
    """The same chain, with lists of what its signers may send."""
    return replace(
        chain,
        signers=tuple(
            replace(signer, allowed=frozenset({allowed[signer.name]}))
            if signer.name in allowed
            else signer
            for signer in chain.signers
        ),
    )


def account(address: str = HOT, **limits: int) -> SignerAccount:
    every = {"per_transaction_assets": 100 * WAD, "per_day_assets": 150 * WAD, "calls_per_day": 3}
    return SignerAccount.objects.create(
        chain_id=CHAIN, address=address, name="hot", **{**every, **limits}
    )


def stop(scope: str) -> None:
    operations.stop_sending(scope=scope, reason="odd", actor=SYSTEM, at=NOON)


def rooms() -> dict[str, Room]:
    found = queries.signing_room(chain_id=CHAIN, kind=KIND, at=NOON)
    return {room.name: room for room in found}


class TestSigningRoom:
    def test_is_the_chain_file_s_before_the_sender_first_ran(self, chain: ChainConfig) -> None:
        assert queries.signing_room(chain_id=CHAIN, kind=KIND, at=NOON) == (
            Room(
                name="hot",
                tier=SignerTier.HOT,
                per_transaction_assets=100_000 * WAD,
                left_today_assets=500_000 * WAD,
                calls_left_today=500,
            ),
            Room(
                name="treasury",
                tier=SignerTier.WARM,
                per_transaction_assets=500_000 * WAD,
                left_today_assets=2_000_000 * WAD,
                calls_left_today=500,
            ),
        )

    def test_a_row_without_limits_is_as_none(self, chain: ChainConfig) -> None:
        account(per_transaction_assets=0, per_day_assets=0, calls_per_day=0)

        assert rooms()["hot"].per_transaction_assets == 100_000 * WAD

    def test_is_less_what_was_taken_in_these_24_hours(self, chain: ChainConfig) -> None:
        hot = account()
        for assets, ago, status in ((40, 1, "FINAL"), (30, 1, "FAILED"), (20, 25, "FINAL")):
            Reservation.objects.create(
                transaction=transaction("7", status),
                signer=hot,
                assets=assets * WAD,
                at=NOON - timedelta(hours=ago),
                released_at=NOON if status == "FAILED" else None,
            )

        room = rooms()["hot"]

        assert room.per_transaction_assets == 100 * WAD
        assert room.left_today_assets == 110 * WAD
        assert room.calls_left_today == 2

    def test_is_never_below_nothing(self, chain: ChainConfig) -> None:
        hot = account(per_day_assets=100 * WAD, calls_per_day=0)
        Reservation.objects.create(
            transaction=transaction("7", "FINAL"), signer=hot, assets=130 * WAD, at=NOON
        )

        assert (rooms()["hot"].left_today_assets, rooms()["hot"].calls_left_today) == (0, 0)

    def test_is_of_the_first_key_that_may_send_it(
        self, chain: ChainConfig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        use(monkeypatch, allowing(chain, hot="SETTLE_REDEMPTION"))

        assert list(rooms()) == ["second", "treasury"]

    def test_is_without_wallets_that_may_not_send_it(
        self, chain: ChainConfig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        use(monkeypatch, allowing(chain, treasury="SETTLE_REDEMPTION"))

        assert list(rooms()) == ["hot"]

    def test_where_no_key_may_send_it_there_is_the_warm_wallet_s(
        self, chain: ChainConfig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        other = "SETTLE_REDEMPTION"
        use(monkeypatch, allowing(chain, hot=other, second=other))

        assert list(rooms()) == ["treasury"]

    def test_a_stop_of_the_safe_leaves_the_key_s(self, chain: ChainConfig) -> None:
        stop(scopes.of_signer(CHAIN, SAFE))

        assert list(rooms()) == ["hot"]

    @pytest.mark.parametrize(
        "scope",
        [
            scopes.ALL,
            scopes.of_chain(CHAIN),
            scopes.of_stream(CHAIN, KIND),
            scopes.of_signer(CHAIN, HOT),
        ],
    )
    def test_a_stop_over_the_key_leaves_none(self, chain: ChainConfig, scope: str) -> None:
        stop(scope)

        assert rooms() == {}

    def test_a_chain_without_a_key_has_none(
        self, chain: ChainConfig, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        use(monkeypatch, replace(chain, signers=()))

        assert rooms() == {}


class TestActingAccount:
    @pytest.mark.parametrize(("units", "address"), [(100, HOT), (101, SAFE)])
    def test_is_the_safe_above_the_key_s_limit(
        self, chain: ChainConfig, units: int, address: str
    ) -> None:
        account()

        assert routes.acting_account(chain, KIND, units * WAD) == address

    def test_is_the_key_where_there_is_no_safe(self, chain: ChainConfig) -> None:
        account()
        alone = replace(chain, signers=chain.signers[:2])

        assert routes.acting_account(alone, KIND, 101 * WAD) == HOT

    def test_is_nobody_without_a_key(self, chain: ChainConfig) -> None:
        assert routes.acting_account(replace(chain, signers=()), KIND, 0) is None
