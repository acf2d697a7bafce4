"""Owners of the devnet's Safe, signing for it what is no transaction of its own."""

from eth_abi.abi import encode
from eth_account.messages import encode_typed_data
from eth_account.signers.local import LocalAccount

from devnet.safe import OWNERS


def owners() -> list[LocalAccount]:
    """Their keys, in the order in which a Safe wants their signatures."""
    return sorted((owner.account for owner in OWNERS), key=lambda key: int(key.address, 16))


def signed_by(keys: list[LocalAccount], safe: str, chain_id: int, digest: bytes) -> bytes:
    """Their signatures of a digest as a message of the Safe, one after the other."""
    message = encode_typed_data(
        domain_data={"chainId": chain_id, "verifyingContract": safe},
        message_types={"SafeMessage": [{"name": "message", "type": "bytes"}]},
        message_data={"message": encode(["bytes32"], [digest])},
    )
    return b"".join(bytes(key.sign_message(message).signature) for key in keys)
