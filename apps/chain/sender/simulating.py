"""Trying a call before anything is spent on it: would it succeed, and do what is expected of it?"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from apps.chain.client import RpcRefused
from apps.chain.config import WATCHED_KINDS
from apps.chain.contracts import ExpectedEvent, abi, simulated
from apps.chain.contracts import safe as safe_contract
from apps.chain.contracts.simulated import Effect
from apps.chain.models import BEFORE_NONCE, Transaction
from apps.chain.sender import amounts
from apps.chain.sender.desk import Desk, Fails, locked
from apps.chain.sender.safes import Carrier

_GAS_MARGIN_PERCENT = 125


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
        Fails: it would revert, not do what is expected, or move more than was said of it.
        ChainUnavailable, RpcRefused: no verdict; a busy or lagging node's refusal is none.
    """
    if row.status not in BEFORE_NONCE:
        return row
    expected = ExpectedEvent.from_json(row.expects)
    try:
        run = dry_run(
            desk, {"from": sender, "to": carrier.to, "data": carrier.data}, expected=expected
        )
    except _Reverts as reverts:
        raise Fails(in_words(desk, row, reverts.refused)) from reverts
    met = run.effects is None or simulated.is_proven(desk.config, expected, row.to, run.effects)
    beyond = amounts.beyond_what_was_said(desk.config, row, run.effects or ())
    with desk.writing():
        row = locked(row)
        if row.status in BEFORE_NONCE:
            row.simulation = run.as_json(desk.clock())
            if met and not beyond:
                row.simulated(gas_limit=run.gas * _GAS_MARGIN_PERCENT // 100)
            row.save()
    if beyond:
        raise Fails(beyond)
    if not met:
        events = ", ".join(effect.event for effect in run.effects or ()) or "nothing"
        raise Fails(f"It would succeed without {expected}; it would emit {events}.")
    return row


def dry_run(desk: Desk, request: Mapping[str, str], *, expected: ExpectedEvent) -> DryRun:
    """One call on top of the newest block, with its events where the node has ``eth_simulateV1``.

    Raises:
        _Reverts, ChainUnavailable, RpcRefused.
    """
    head, answer, gas = desk.client.batch(
        [
            ("eth_blockNumber", []),
            simulated.request_for([request]),
            ("eth_estimateGas", [dict(request)]),
        ]
    )
    block = int(_result(head), 16)
    if simulated.is_unknown_method(answer):
        # An older node: it can only say whether the call reverts.
        _result(desk.client.batch([("eth_call", [dict(request), "latest"])])[0])
        return DryRun(block=block, gas=int(_result(gas), 16), effects=None)
    kinds = WATCHED_KINDS | {proof.contract_kind for proof in expected.proofs}
    [trial] = simulated.trials_in(desk.config, _result(answer), count=1, kinds=kinds)
    if trial.refused is not None:
        raise _Reverts(trial.refused)
    return DryRun(block=block, gas=int(_result(gas), 16), effects=trial.effects)


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
