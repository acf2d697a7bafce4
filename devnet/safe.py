"""The fund's warm wallet: a real Safe (v1.4.1), as `deploy` sets it up, and its owners at work.

safe = Safe(chain, address)
safe.read("getOwners")
safe.change("addOwnerWithThreshold", STRANGER.address, 2)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from eth_utils.address import to_checksum_address

from devnet.abi import artifact
from devnet.accounts import ADMIN, ADMIN_2, APPROVER_3
from devnet.fund import Contract

if TYPE_CHECKING:
    from devnet.chain import Chain, Receipt

OWNERS = (ADMIN, ADMIN_2, APPROVER_3)
THRESHOLD = 2
_NOBODY = "0x" + "00" * 20
_SOME_WEI = 10**18


class Safe(Contract):
    """A Safe at an address."""

    def __init__(self, chain: Chain, address: str) -> None:
        super().__init__(chain, "SafeL2", address)

    def change(self, function: str, *args: Any) -> Receipt:
        """Has the Safe call itself, which is how its owners change it, by the node's power to act
        for any account. Its nonce does not move."""
        return self.call(self.address, artifact(self.name).encode_call(function, *args))

    def call(self, to: str, data: str) -> Receipt:
        """Has the Safe send a transaction as if it had a key."""
        rpc = self.chain.rpc
        rpc.call("anvil_setBalance", self.address, hex(_SOME_WEI))
        rpc.call("anvil_impersonateAccount", self.address)
        try:
            return self.chain.send(self.address, to, data)
        finally:
            rpc.call("anvil_stopImpersonatingAccount", self.address)


def deploy_safe(chain: Chain) -> str:
    """Deploys Safe's contracts and a Safe of the first administrators; answers its address."""
    singleton, factory, handler = (
        _created(chain, name)
        for name in ("SafeL2", "SafeProxyFactory", "CompatibilityFallbackHandler")
    )
    setup = artifact("SafeL2").encode_call(
        "setup",
        [owner.address for owner in OWNERS],
        THRESHOLD,
        _NOBODY,
        b"",
        handler,
        _NOBODY,
        0,
        _NOBODY,
    )
    made = Contract(chain, "SafeProxyFactory", factory).send(
        ADMIN, "createProxyWithNonce", singleton, bytes.fromhex(setup[2:]), 0
    )
    return to_checksum_address(made.event("ProxyCreation").args["proxy"])


def _created(chain: Chain, name: str) -> str:
    receipt = chain.create(ADMIN.address, artifact(name))
    if receipt.contract_address is None:
        raise AssertionError(f"{name} was deployed without an address")
    return receipt.contract_address
