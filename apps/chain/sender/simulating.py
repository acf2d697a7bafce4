"""Trying a call before anything is spent on it: would it succeed, and do what is expected of it?"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from apps.chain import contracts
from apps.chain.client import ChainUnavailable, RpcRefused
from apps.chain.config import WATCHED_KINDS
from apps.chain.contracts import abi
from apps.chain.contracts import safe as safe_contract
from apps.chain.models import BEFORE_NONCE, Transaction
from apps.chain.sender.desk import Desk, Fails, locked
from apps.chain.sender.safes import Carrier

_GAS_MARGIN_PERCENT = 125
_NO_SUCH_METHOD = frozenset({-32601, -32004})
_NO_METHOD_WORDS = ("method not found", "not supported", "does not exist", "not available")


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """One event that the dry run emitted, of a contract of ours."""

    contract: str
    address: str
    event: str
    args: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class DryRun:
    """What a call would do on top of a block. ``effects`` is None where the node cannot tell them:
    then only that it does not revert is known."""

    block: int
    gas: int
    effects: tuple[Effect, ...] | None

    def as_json(self, at: datetime) -> dict[str, Any]:
        """How it is kept with a transaction."""
        return {
            "block": self.block,
            "gas": self.gas,
            "compared": self.effects is not None,
            "logs": [asdict(effect) for effect in self.effects or ()],
            "at": at.isoformat(),
        }


class _Reverts(Exception):
    """The contract refuses; the refusal as the node gave it."""

    def __init__(self, refused: RpcRefused) -> None:
        super().__init__(refused.message)
        self.refused = refused


def simulate(desk: Desk, row: Transaction, carrier: Carrier, *, sender: str) -> Transaction:
    """Try what would go out at the newest block; with it comes the gas limit.

    Raises:
        Fails: it would revert, or not do what is expected.
        ChainUnavailable, RpcRefused: no verdict; a busy or lagging node's refusal is none.
    """
    if row.status not in BEFORE_NONCE:
        return row
    try:
        run = dry_run(desk, {"from": sender, "to": carrier.to, "data": carrier.data})
    except _Reverts as reverts:
        raise Fails(in_words(desk, row, reverts.refused)) from reverts
    met = run.effects is None or _does_what_is_expected(row, run.effects)
    with desk.writing():
        row = locked(row)
        if row.status in BEFORE_NONCE:
            row.simulation = run.as_json(desk.clock())
            if met:
                row.simulated(gas_limit=run.gas * _GAS_MARGIN_PERCENT // 100)
            row.save()
    if not met:
        expected = contracts.ExpectedEvent.from_json(row.expects)
        events = ", ".join(effect.event for effect in run.effects or ()) or "nothing"
        raise Fails(f"It would succeed without {expected}; it would emit {events}.")
    return row


def dry_run(desk: Desk, request: Mapping[str, str]) -> DryRun:
    """One call on top of the newest block, with its events where the node has ``eth_simulateV1``.

    Raises:
        _Reverts, ChainUnavailable, RpcRefused.
    """
    calls = {"blockStateCalls": [{"calls": [dict(request)]}]}
    head, simulated, gas = desk.client.batch(
        [
            ("eth_blockNumber", []),
            ("eth_simulateV1", [calls, "latest"]),
            ("eth_estimateGas", [dict(request)]),
        ]
    )
    block = int(_result(head), 16)
    if isinstance(simulated, RpcRefused) and _is_unknown_method(simulated):
        # An older node: it can only say whether the call reverts.
        _result(desk.client.batch([("eth_call", [dict(request), "latest"])])[0])
        return DryRun(block=block, gas=int(_result(gas), 16), effects=None)
    effects = _effects(desk, _result(simulated))
    return DryRun(block=block, gas=int(_result(gas), 16), effects=effects)


def in_words(desk: Desk, row: Transaction, refused: RpcRefused) -> str:
    """A contract's refusal for people."""
    contract = desk.config.contract_at(row.to)
    extra = contract.extra_abi if contract else ()
    return safe_contract.in_words(abi.revert_in_words(refused.data, refused.message, extra))


def _result(answer: Any) -> Any:
    """An answer, or its refusal raised: the contract's own is a verdict, the node's is none."""
    if isinstance(answer, RpcRefused):
        raise _Reverts(answer) if answer.is_revert else answer
    return answer


def _is_unknown_method(refused: RpcRefused) -> bool:
    """Nodes agree neither on the code nor on the words."""
    words = refused.message.lower()
    return refused.code in _NO_SUCH_METHOD or any(part in words for part in _NO_METHOD_WORDS)


def _effects(desk: Desk, answer: Any) -> tuple[Effect, ...]:
    try:
        [block] = answer
        [call] = block["calls"]
        succeeded, returned, logs = int(call["status"], 16), call["returnData"], call["logs"]
        if succeeded != 1:
            message = (call.get("error") or {}).get("message", "")
            raise _Reverts(RpcRefused(3, message, returned))
        return tuple(_of_ours(desk, logs))
    except (TypeError, ValueError, KeyError) as error:
        raise ChainUnavailable(f"The node's simulation cannot be read ({error}).") from error


def _of_ours(desk: Desk, logs: Sequence[Mapping[str, Any]]) -> list[Effect]:
    found = []
    for log in logs:
        contract = desk.config.contract_at(log["address"].lower())
        topics = [topic.lower() for topic in log["topics"]]
        if contract is None or contract.kind not in WATCHED_KINDS or not topics:
            continue  # a token's or an oracle's: nothing that we expect of a call is theirs
        event = abi.event_for(contract, topics[0])
        if event is None:
            continue
        try:
            args = event.decode(topics, log["data"])
        except abi.Undecodable:
            continue
        effect = Effect(
            contract=contract.kind, address=contract.address, event=event.name, args=args
        )
        found.append(effect)
    return found


def _does_what_is_expected(row: Transaction, effects: Sequence[Effect]) -> bool:
    expected = contracts.ExpectedEvent.from_json(row.expects)
    return not expected.name or any(
        effect.address == row.to and expected.is_met_by(effect.event, effect.args)
        for effect in effects
    )
