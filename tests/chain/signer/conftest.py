"""Keys of every kind, each kept as it is in production, and a node that takes what they sign."""

import json
import secrets
from collections.abc import Iterator

import pytest
from eth_account import Account

from apps.chain.config import KeystoreKey, KmsKey
from apps.chain.signer.keys import key_of
from devnet.node import Anvil
from devnet.rpc import Rpc
from tests.chain.signer.kept import AWS_SECRET, PASSWORD, PASSWORD_ENV, Kept, signer
from tests.chain.signer.kms_in_trouble import SHUT, region_in_trouble
from tests.chain.signer.kms_server import REPLICA, KmsServer
from tests.chain.signer.softhsm import PIN, PIN_ENV, SoftHsm, softhsm_module


@pytest.fixture(autouse=True)
def _keys_opened_anew(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv(PASSWORD_ENV, PASSWORD)
    monkeypatch.setenv(PIN_ENV, PIN)
    key_of.cache_clear()
    yield
    key_of.cache_clear()


@pytest.fixture(scope="session")
def kms() -> Iterator[KmsServer]:
    """AWS KMS in two regions, and credentials in the environment as AWS has them."""
    patch = pytest.MonkeyPatch()
    patch.setenv("AWS_ACCESS_KEY_ID", "AKIATEST")
    patch.setenv("AWS_SECRET_ACCESS_KEY", AWS_SECRET)
    patch.setenv("NO_PROXY", "127.0.0.1")
    server = KmsServer()
    yield server
    server.stop()
    patch.undo()


@pytest.fixture(scope="session")
def hsm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SoftHsm]:
    """An HSM with a token `operations`."""
    module = softhsm_module()
    if module is None:
        pytest.skip("SoftHSM is not installed: apt-get install softhsm2")
    patch = pytest.MonkeyPatch()
    hsm = SoftHsm(module, tmp_path_factory.mktemp("hsm"), patch)
    hsm.create_token("operations")
    yield hsm
    hsm.forget()
    patch.undo()


@pytest.fixture(scope="module")
def node() -> Iterator[Rpc]:
    """A chain without any contract, whose blocks are mined when asked for."""
    with Anvil.start() as anvil:
        rpc = Rpc(anvil.url)
        rpc.call("evm_setAutomine", False)
        yield rpc


@pytest.fixture(params=["keystore", "kms", "pkcs11"])
def kept(request: pytest.FixtureRequest) -> Kept:
    """One signer of each kind in turn."""
    kept: Kept = request.getfixturevalue(f"kept_in_{request.param}")
    return kept


@pytest.fixture(scope="session")
def kept_in_keystore(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    """An encrypted file; out of reach: the file is gone."""
    folder = tmp_path_factory.mktemp("keystore")
    key = secrets.token_bytes(32)
    file = folder / "signer.json"
    file.write_text(json.dumps(Account.encrypt(key, PASSWORD, kdf="pbkdf2", iterations=1000)))
    address = Account.from_key(key).address.lower()
    gone = KeystoreKey(keystore=folder / "gone.json", password_env=PASSWORD_ENV)
    return Kept(
        config=signer(address, KeystoreKey(keystore=file, password_env=PASSWORD_ENV)),
        out_of_reach=signer(address, gone),
        secrets=(PASSWORD, key.hex()),
    )


@pytest.fixture(scope="session")
def kept_in_kms(kms: KmsServer) -> Kept:
    """A key in two regions; out of reach: no region's door is open."""
    key_id, address = kms.create_key()
    places = (kms.place(key_id), kms.place(key_id, REPLICA))
    with region_in_trouble(SHUT) as shut:
        nowhere = tuple(kms.place(key_id, place.region, shut) for place in places)
    return Kept(
        config=signer(address, KmsKey(places=places)),
        out_of_reach=signer(address, KmsKey(places=nowhere)),
        secrets=(AWS_SECRET,),
    )


@pytest.fixture(scope="session")
def kept_in_pkcs11(hsm: SoftHsm) -> Kept:
    """A key in an HSM; out of reach: there is no such token."""
    address = hsm.create_key("operations", "hot")
    return Kept(
        config=signer(address, hsm.key("operations", "hot")),
        out_of_reach=signer(address, hsm.key("another", "hot")),
        secrets=(PIN,),
    )
