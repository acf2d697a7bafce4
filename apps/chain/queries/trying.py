"""What calls would do now, one after another, before anything is queued."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from apps.chain import config as chain_config
from apps.chain import contracts
from apps.chain.calls import Call
from apps.chain.client import ChainUnavailable, Client, RpcRefused
from apps.chain.client.answers import quantity
from apps.chain.config import WATCHED_KINDS, ChainConfig
from apps.chain.contracts import abi, simulated
from apps.chain.contracts.simulated import Trial
from apps.chain.queries.nodes import web_client
from apps.chain.queries.routes import acting_account

NOBODY = "0x" + "00" * 20
"""Who asks where the chain has no key."""
_LACKS_CASH = (
    *("NotEnoughAvailableCash(", "InsufficientLiquidity(", "ERC20InsufficientBalance("),
    "exceeds balance",
)
"""Refusals that an earlier call of the same list may cure."""


class NotOneChain(ValueError):
    """Calls of one list are of one chain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedCall:
    """What one call would do after those before it.

    ``ok`` is None where nobody can say: it was tried alone and lacked what earlier ones bring.
    ``met`` says whether the event that proves it came, None where events are not known. ``events``
    are (name, arguments) of the fund's contracts.
    """

    ok: bool | None
    error: str
    gas: int | None
    events: tuple[tuple[str, Mapping[str, Any]], ...]
    met: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """Calls tried on top of one block; ``compared`` is False where the node tried each alone."""

    block_number: int
    compared: bool
    legs: tuple[SimulatedCall, ...]


def simulate_calls(calls: Sequence[Call]) -> Simulation:
    """Try calls of one chain in order on top of the newest block, each from the account that would
    carry it; nothing is sent.

    Raises:
        ChainUnavailable: no node answers, or it cannot say.
        NotOneChain: there are none, or of several chains.
    """
    chains = {call.chain_id for call in calls}
    if len(chains) != 1:
        raise NotOneChain(f"calls of {len(chains)} chains")
    config = chain_config.chain(chains.pop())
    client = web_client(config)
    requests_ = [request_of(config, call) for call in calls]
    head, answer = client.batch([("eth_blockNumber", []), simulated.request_for(requests_)])
    if simulated.is_unknown_method(answer):
        return _each_alone(client, calls, requests_)
    if isinstance(answer, RpcRefused):
        raise ChainUnavailable(f"The node cannot simulate now: {answer}.")
    kinds = {proof.contract_kind for call in calls for proof in _expected(call).proofs}
    trials = simulated.trials_in(config, answer, count=len(calls), kinds=WATCHED_KINDS | kinds)
    return Simulation(
        block_number=_number(head),
        compared=True,
        legs=tuple(_leg(config, call, trial) for call, trial in zip(calls, trials, strict=True)),
    )


def request_of(config: ChainConfig, call: Call) -> dict[str, str]:
    """A call as a node is asked to try it."""
    return {
        "from": acting_account(config, call.kind, call.moved_assets) or NOBODY,
        "to": contracts.contract_of(call).address,
        "data": contracts.calldata_of(call),
    }


def refusal_in_words(call: Call, refused: RpcRefused) -> str:
    """Why a call's contract refuses it, for people."""
    extra = contracts.contract_of(call).extra_abi
    return abi.revert_in_words(refused.data, refused.message, extra)


def _leg(config: ChainConfig, call: Call, trial: Trial) -> SimulatedCall:
    if trial.refused is not None:
        error = refusal_in_words(call, trial.refused)
        return SimulatedCall(ok=False, error=error, gas=trial.gas, events=(), met=False)
    to = contracts.contract_of(call).address
    return SimulatedCall(
        ok=True,
        error="",
        gas=trial.gas,
        events=tuple((effect.event, effect.args) for effect in trial.effects),
        met=simulated.is_proven(config, _expected(call), to, trial.effects),
    )


def _expected(call: Call) -> contracts.ExpectedEvent:
    return contracts.expected_event(call)


# -- A node that cannot simulate -------------------------------------------------------------------


def _each_alone(
    client: Client, calls: Sequence[Call], requests_: Sequence[Mapping[str, str]]
) -> Simulation:
    asked: list[tuple[str, list[Any]]] = [("eth_blockNumber", [])]
    for request in requests_:
        asked += [("eth_call", [dict(request), "latest"]), ("eth_estimateGas", [dict(request)])]
    head, *answers = client.batch(asked)
    pairs = zip(answers[::2], answers[1::2], strict=True)
    return Simulation(
        block_number=_number(head),
        compared=False,
        legs=tuple(
            _alone(call, answer, gas, is_first=place == 0)
            for place, (call, (answer, gas)) in enumerate(zip(calls, pairs, strict=True))
        ),
    )


def _alone(call: Call, answer: Any, gas: Any, *, is_first: bool) -> SimulatedCall:
    refused = next((part for part in (answer, gas) if isinstance(part, RpcRefused)), None)
    if refused is None:
        return SimulatedCall(ok=True, error="", gas=_number(gas), events=(), met=None)
    if not refused.is_of_contract:
        raise ChainUnavailable(f"The node cannot try it now: {refused}.")
    error = refusal_in_words(call, refused)
    may_be_cured = not is_first and any(words in error for words in _LACKS_CASH)
    return SimulatedCall(
        ok=None if may_be_cured else False, error=error, gas=None, events=(), met=None
    )


def _number(answer: Any) -> int:
    if isinstance(answer, RpcRefused):
        raise ChainUnavailable(f"The node does not tell: {answer}.")
    try:
        return quantity(answer)
    except (TypeError, ValueError) as error:
        raise ChainUnavailable(f"The node's answer makes no sense: {error}.") from error
