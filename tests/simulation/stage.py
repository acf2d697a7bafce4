"""Where plays are given: a chain file with three nodes that only exist here, and one key."""

from __future__ import annotations

import json
from pathlib import Path

from eth_account import Account

PASSWORD_ENV = "PAIMON_SIMULATION_PASSWORD"
PASSWORD = "nobody's"


BY_DEPTH = "confirmations = 6"
BY_TAG = 'finality = "finalized"'


def build(folder: Path, finality: str) -> Path:
    """Write the chain file and its keystore, one that opens fast."""
    from tests.simulation import ledger
    from tests.simulation.nodes import CHAIN_ID

    key = Account.from_key("0x" + "51" * 32)
    keystore = Account.encrypt(key.key, PASSWORD, kdf="pbkdf2", iterations=1)
    (folder / "key.json").write_text(json.dumps(keystore))
    contracts = {
        "vault": ledger.VAULT,
        "redemption_manager": ledger.MANAGER,
        "asset_controller": ledger.CONTROLLER,
    }
    tables = "".join(
        f'[[chains.contracts]]\nkind = "{kind}"\naddress = "{address}"\nstart_block = 0\n'
        f'generation = "v1"\n'
        for kind, address in contracts.items()
    )
    path = folder / f"{finality.split(maxsplit=1)[0]}.toml"
    path.write_text(
        f'[[chains]]\nname = "simulated"\nchain_id = {CHAIN_ID}\n{finality}\n'
        f'rpc_urls = ["http://one.test", "http://two.test", "http://three.test"]\n'
        f"block_time_seconds = 1.0\n{tables}"
        f'[[chains.signers]]\nname = "operations"\naddress = "{key.address}"\n'
        f'keystore = "key.json"\npassword_env = "{PASSWORD_ENV}"\n'
    )
    return path
