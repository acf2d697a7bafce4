"""What contracts return at one block, asked together."""

from collections.abc import Sequence
from typing import Any

from apps.chain.client import ChainUnavailable, Reader, RpcRefused
from apps.chain.contracts import abi


def returned_at(
    client: Reader, block_hash: str, calls: Sequence[tuple[str, str]]
) -> list[str | None]:
    """Return data by (contract, calldata); None where the contract refused or there is none.

    Raises:
        ChainUnavailable: no node answers, or the one that does could not ask: it lacks the block or
            its state. What the contract says is unknown then, which is not the same as nothing.
    """
    if not calls:
        return []
    answers = client.batch(
        [("eth_call", [{"to": to, "data": data}, {"blockHash": block_hash}]) for to, data in calls]
    )
    for answer in answers:
        if isinstance(answer, RpcRefused) and not answer.is_of_contract:
            raise ChainUnavailable(f"The node cannot ask contracts at that block: {answer}.")
    return [
        None if isinstance(answer, RpcRefused) or answer in (None, "0x") else str(answer)
        for answer in answers
    ]


def decoded(function: abi.FunctionAbi, data: str | None) -> tuple[Any, ...] | None:
    """What a view returned; None when it did not, or something else."""
    if data is None:
        return None
    try:
        return function.decode_output(data)
    except abi.Undecodable:
        return None
