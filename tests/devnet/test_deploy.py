"""A deployment is complete, described truly, and its signer's key is nobody else's."""

import json
import stat
from pathlib import Path

from eth_account import Account

from devnet.accounts import ACCOUNTS_COUNT, Actor
from devnet.chain_file import read_chain_file, write_chain_file
from devnet.deploy import CHAIN_FILE, KEYSTORE_FILE, MULTICALL3, role
from devnet.fund import Contract
from devnet.safe import OWNERS, THRESHOLD, Safe
from devnet.scenario import Scenario
from tests.devnet.conftest import PASSWORD

CODE_BYTES_MAX = 24_576


def test_every_contract_has_code_within_the_limit_from_its_start_block(fund: Scenario) -> None:
    assert len(fund.entry.contracts) == 5
    for contract in fund.entry.contracts:
        code = fund.chain.rpc.call("eth_getCode", contract.address, "latest")
        before = fund.chain.rpc.call("eth_getCode", contract.address, hex(contract.start_block - 1))

        assert 0 < len(code) // 2 - 1 <= CODE_BYTES_MAX
        assert before == "0x"


def test_signer_is_fresh_encrypted_funded_and_may_do_its_work(fund: Scenario, folder: Path) -> None:
    keystore = folder / KEYSTORE_FILE
    key = Account.decrypt(json.loads(keystore.read_text()), PASSWORD)
    signer = fund.entry.signers[0].address

    assert Account.from_key(key).address == signer
    assert stat.S_IMODE(keystore.stat().st_mode) == 0o600
    assert signer not in [Actor("", index).address for index in range(ACCOUNTS_COUNT)]
    assert int(fund.chain.rpc.call("eth_getBalance", signer, "latest"), 16) == 1_000 * 10**18
    for kind, name in (
        ("vault", "ADMIN_ROLE"),
        ("manager", "ADMIN_ROLE"),
        ("manager", "VIP_APPROVER_ROLE"),
        ("controller", "ADMIN_ROLE"),
        ("controller", "REBALANCER_ROLE"),
    ):
        assert fund.contract(kind).read("hasRole", role(name), signer)
        assert not fund.contract(kind).read("hasRole", role("DEFAULT_ADMIN_ROLE"), signer)


def test_the_safe_is_the_administrators_and_may_do_the_warm_wallets_work(fund: Scenario) -> None:
    hot, warm = fund.entry.signers
    safe = Safe(fund.chain, warm.address)

    assert (warm.type, warm.executor, warm.keystore) == ("safe", hot.name, None)
    assert safe.read("VERSION") == "1.4.1"
    assert safe.read("getOwners") == [owner.address for owner in OWNERS]
    assert safe.read("getThreshold") == THRESHOLD
    for kind, name in (
        ("vault", "ADMIN_ROLE"),
        ("controller", "ADMIN_ROLE"),
        ("controller", "REBALANCER_ROLE"),
    ):
        assert fund.contract(kind).read("hasRole", role(name), warm.address)
        assert not fund.contract(kind).read("hasRole", role("DEFAULT_ADMIN_ROLE"), warm.address)


def test_chain_file_reads_back_as_written(folder: Path, tmp_path: Path, lived_in: Path) -> None:
    chains = read_chain_file(folder / CHAIN_FILE)
    copy = tmp_path / "copy.toml"

    write_chain_file(copy, [*chains, *chains])

    assert read_chain_file(copy) == [*chains, *chains]


def test_errors_file_names_the_custom_errors(folder: Path, lived_in: Path) -> None:
    errors = json.loads((folder / "errors.json").read_text())

    names = {error["name"] for error in errors}

    assert {entry["type"] for entry in errors} == {"error"}
    assert {"NotPendingApproval", "AccessControlUnauthorizedAccount", "EnforcedPause"} <= names


def test_multicall_answers_at_its_usual_address(fund: Scenario) -> None:
    multicall = Contract(fund.chain, "Multicall3", MULTICALL3)
    call = bytes.fromhex("18160ddd")  # totalSupply()

    results = multicall.read("aggregate3", [(fund.vault.address, False, call)])

    assert results[0]["success"]
    assert int.from_bytes(results[0]["returnData"]) == fund.state().total_supply
