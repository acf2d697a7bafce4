"""Calls tried in order on top of a block by ``eth_simulateV1``: each sees what those before it did.

What a contract refuses is a verdict; what a node refuses is none.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from apps.chain.client import ChainUnavailable, Request, RpcRefused
from apps.chain.client.answers import quantity
from apps.chain.config import ChainConfig
from apps.chain.contracts import abi
from apps.chain.contracts.expecting import ExpectedEvent

_NO_SUCH_METHOD = frozenset({-32601, -32004})
_NO_METHOD_WORDS = ("method not found", "not supported", "does not exist", "not available")
_REVERTED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """One event that a trial emitted, of a contract of ours."""

    contract: str
    address: str
    event: str
    args: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What became of one call. ``refused`` is the contract's refusal; there are no effects then."""

    gas: int
    effects: tuple[Effect, ...]
    refused: RpcRefused | None


def request_for(calls: Sequence[Mapping[str, str]]) -> Request:
    """What asks a node to try calls (``from``, ``to``, ``data``) on top of its newest block."""
    block = {"blockStateCalls": [{"calls": [dict(call) for call in calls]}]}
    return ("eth_simulateV1", [block, "latest"])


def is_unknown_method(answer: Any) -> bool:
    """Whether the node cannot simulate at all; nodes agree neither on the code nor on the words."""
    if not isinstance(answer, RpcRefused):
        return False
    words = answer.message.lower()
    return answer.code in _NO_SUCH_METHOD or any(part in words for part in _NO_METHOD_WORDS)


def trials_in(
    config: ChainConfig, answer: Any, *, count: int, kinds: Collection[str]
) -> tuple[Trial, ...]:
    """What a node says became of so many calls, with the events of contracts of these kinds.

    Raises:
        ChainUnavailable: it is no such answer.
    """
    try:
        [block] = answer
        trials = tuple(_trial(config, call, kinds) for call in block["calls"])
        if len(trials) != count:
            raise ValueError(f"{len(trials)} of {count} calls were tried")
    except (AttributeError, TypeError, ValueError, KeyError) as error:
        raise ChainUnavailable(f"The node's simulation cannot be read ({error}).") from error
    return trials


def is_proven(
    config: ChainConfig, expected: ExpectedEvent, to: str, effects: Collection[Effect]
) -> bool:
    """Whether one of the events that prove a call is among what it emitted; ``to`` is whom it
    called, which emits the event itself."""
    return not expected.name or any(
        proof.is_met_by(effect.event, effect.args)
        for proof in expected.proofs
        for effect in effects
        if effect.address == speaker_of(config, proof, expected, to)
    )


def speaker_of(config: ChainConfig, proof: ExpectedEvent, expected: ExpectedEvent, to: str) -> str:
    """The address whose word a proof is: the called contract, or another one by its kind."""
    if proof.contract_kind == expected.contract_kind:
        return to
    return config.contract(proof.contract_kind).address


def effects_in(
    config: ChainConfig, logs: Sequence[Mapping[str, Any]], kinds: Collection[str]
) -> tuple[Effect, ...]:
    """The events of contracts of ours of these kinds, in order, as a node gives logs.

    Raises:
        AttributeError, TypeError, KeyError: they are no logs.
    """
    found = []
    for log in logs:
        contract = config.contract_at(log["address"].lower())
        topics = [topic.lower() for topic in log["topics"]]
        if contract is None or contract.kind not in kinds or not topics:
            continue
        event = abi.event_for(contract, topics[0])
        if event is None:
            continue
        try:
            args = event.decode(topics, log["data"])
        except abi.Undecodable:
            continue
        found.append(
            Effect(contract=contract.kind, address=contract.address, event=event.name, args=args)
        )
    return tuple(found)


def _trial(config: ChainConfig, call: Mapping[str, Any], kinds: Collection[str]) -> Trial:
    gas = quantity(call["gasUsed"])
    if int(call["status"], 16) == 1:
        return Trial(gas=gas, effects=effects_in(config, call["logs"], kinds), refused=None)
    message = (call.get("error") or {}).get("message", "")
    refused = RpcRefused(_REVERTED, message, call["returnData"])
    return Trial(gas=gas, effects=(), refused=refused)
