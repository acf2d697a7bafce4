"""A Safe (v1.4.1): what its owners sign, what executes it, and what it says of itself.

Only plain calls: ``operation`` is always 0, because a delegate call runs foreign code with the
Safe's own storage and could replace its owners. Gas fields are 0 and nobody is refunded, so an
inner call that fails reverts the whole, and the Safe's nonce is not used up.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eth_abi.abi import encode
from eth_account.messages import encode_typed_data
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from apps.chain.config import ContractConfig
from apps.chain.contracts import abi
from apps.core.errors import Refused

_CALL = 0
_NOBODY = "0x" + "00" * 20
_DOMAIN_TYPE = keccak(text="EIP712Domain(uint256 chainId,address verifyingContract)")
_FIELDS = (
    ("to", "address"),
    ("value", "uint256"),
    ("data", "bytes"),
    ("operation", "uint8"),
    ("safeTxGas", "uint256"),
    ("baseGas", "uint256"),
    ("gasPrice", "uint256"),
    ("gasToken", "address"),
    ("refundReceiver", "address"),
    ("nonce", "uint256"),
)
_PLAIN = {
    "value": 0,
    "operation": _CALL,
    "safeTxGas": 0,
    "baseGas": 0,
    "gasPrice": 0,
    "gasToken": _NOBODY,
    "refundReceiver": _NOBODY,
}
_WORDS = {
    "GS013": "the call inside the Safe's transaction failed",
    "GS020": "the Safe was given too few signatures",
    "GS026": "a signature is not of an owner of the Safe, or covers another transaction",
}


class NotThisSafe(Refused):
    """The contract at the address is no Safe that signs as we do; nothing may be signed for it."""


class NotThePlainCall(Refused):
    """The bytes ask the Safe for something else than the plain call that was signed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SafeState:
    """Who may sign for a Safe, how many must, and the nonce it executes next."""

    owners: tuple[str, ...]
    threshold: int
    nonce: int


def typed_data(*, chain_id: int, safe: str, to: str, data: str, nonce: int) -> dict[str, Any]:
    """The Safe's own EIP-712 ``SafeTx``, as wallets show and sign it."""
    return {
        "types": {
            "EIP712Domain": [
                {"name": "chainId", "type": "uint256"},
                {"name": "verifyingContract", "type": "address"},
            ],
            "SafeTx": [{"name": name, "type": kind} for name, kind in _FIELDS],
        },
        "primaryType": "SafeTx",
        "domain": {"chainId": chain_id, "verifyingContract": to_checksum_address(safe)},
        "message": {"to": to_checksum_address(to), "data": data, "nonce": nonce, **_PLAIN},
    }


def safe_tx_hash(*, chain_id: int, safe: str, to: str, data: str, nonce: int) -> str:
    """What ``getTransactionHash`` of the contract answers, computed by us."""
    message = encode_typed_data(
        full_message=typed_data(chain_id=chain_id, safe=safe, to=to, data=data, nonce=nonce)
    )
    return abi.keccak_hex(b"\x19" + message.version + message.header + message.body)


def execution(*, to: str, data: str, signatures: Mapping[str, str]) -> str:
    """``execTransaction`` as 0x-hex; ``signatures`` are 65 bytes each by lower-case owner, and go
    in the order of the owners' addresses, which is what the contract wants."""
    together = b"".join(bytes.fromhex(signatures[owner][2:]) for owner in sorted(signatures))
    return abi.function("safe", "execTransaction").encode(
        to, 0, bytes.fromhex(data[2:]), _CALL, 0, 0, 0, _NOBODY, _NOBODY, together
    )


def check_execution(calldata: str, *, to: str, data: str) -> None:
    """Prove that ``execTransaction`` bytes carry exactly this plain call.

    Raises:
        NotThePlainCall: another target or data, a delegate call, a value, gas or a refund.
    """
    function = abi.function("safe", "execTransaction")
    if calldata[:10] != "0x" + function.selector.hex():
        raise NotThePlainCall("The bytes do not call the Safe's execTransaction.")
    try:
        asked = function.decode(calldata)
    except abi.Undecodable as error:
        raise NotThePlainCall(str(error)) from error
    plain = {"to": to, "data": data} | {name: str(value) for name, value in _PLAIN.items()}
    for name, value in plain.items():
        if asked[name] != value:
            raise NotThePlainCall(f"The Safe would be given {name} {asked[name]}, not {value}.")


def state_calls(safe: str) -> list[tuple[str, str]]:
    """(contract, calldata) pairs whose answers ``state_of`` reads."""
    names = ("getOwners", "getThreshold", "nonce", "domainSeparator")
    return [(safe, abi.function("safe", name).encode()) for name in names]


def state_of(chain_id: int, safe: str, returned: Sequence[str]) -> SafeState:
    """The Safe's state, from the answers to ``state_calls`` at one block.

    Raises:
        NotThisSafe: no Safe there, or one whose signatures have another domain than ours.
    """
    try:
        [owners], [threshold], [nonce], [separator] = (
            abi.function("safe", name).decode_output(answer)
            for name, answer in zip(
                ("getOwners", "getThreshold", "nonce", "domainSeparator"), returned, strict=True
            )
        )
    except abi.Undecodable as error:
        raise NotThisSafe(f"There is no Safe at {safe}: {error}.") from error
    if separator != _domain_separator(chain_id, safe):
        raise NotThisSafe(f"The Safe at {safe} signs under another domain: another version?")
    return SafeState(
        owners=tuple(owner.lower() for owner in owners), threshold=threshold, nonce=nonce
    )


def outcome_in(receipt_logs: Iterable[Mapping[str, Any]], *, safe: str, tx_hash: str) -> str:
    """``ExecutionSuccess`` or ``ExecutionFailure`` of one Safe transaction, "" when neither came.

    Args:
        receipt_logs: a receipt's logs as the node gives them.
        tx_hash: the Safe's own hash of its transaction.
    """
    contract = ContractConfig(kind="safe", address=safe, start_block=0, generation="v1")
    for entry in receipt_logs:
        topics = entry["topics"]
        if entry["address"].lower() != safe or len(topics) < 2 or topics[1].lower() != tx_hash:
            continue
        event = abi.event_for(contract, topics[0].lower())
        if event is not None:
            return event.name
    return ""


def success_topic() -> str:
    """The topic of ``ExecutionSuccess``, to look a Safe's executions up."""
    return abi.keccak_hex(b"ExecutionSuccess(bytes32,uint256)")


def in_words(error: str) -> str:
    """A Safe's error code with what it means; other text as it is."""
    return f"{error}: {_WORDS[error]}" if error in _WORDS else error


def _domain_separator(chain_id: int, safe: str) -> bytes:
    return bytes(keccak(encode(["bytes32", "uint256", "address"], [_DOMAIN_TYPE, chain_id, safe])))
