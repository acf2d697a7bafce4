"""The warm wallet's way out: what the sender asks here, and in which order.

A WARM row does not go out by itself. After its policy and its simulation *from the Safe's address*
(``wallet(config).address``) it stays SIMULATED while the Safe's owners sign, and goes out inside
another transaction, of the executor:

    tidy(config, client, …)            once in each step, before the rows: proposals whose
                                       transaction has ended, end too
    prepare(row, config, client, …)    for a SIMULATED warm row, in each step: proposes it, follows
                                       the chain, and answers True when it can be executed now. Only
                                       then simulate ``carrier_of(row)`` from the executor, and take
                                       the *executor's* nonce. Until then do not simulate the inner
                                       call again: a passing refusal must not throw signatures away
    executor(config)                   who signs and pays; its limits count no assets for this
    carrier_of(row)                    what is signed, for a row of either tier, in every attempt
    trouble_with(row, receipt)         beside the expected inner event: "" when the Safe executed
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from apps.chain.client import ChainUnavailable, Reader, RpcRefused
from apps.chain.config import BadChainFile, ChainConfig, SafeWallet, SignerConfig, SignerTier
from apps.chain.contracts import safe as safe_contract
from apps.chain.contracts.safe import SafeState
from apps.chain.models import (
    UNFINISHED,
    Cursor,
    ProposalStatus,
    SafeProposal,
    Transaction,
    TransactionStatus,
)
from apps.chain.operations import safes as operations
from apps.chain.queries import safes as proposals
from apps.chain.sender.desk import Fails
from apps.core.actor import Actor
from apps.core.errors import Refused

log = logging.getLogger(__name__)

CHECK_SECONDS = 15
"""A proposal that waits for signatures is compared with the chain this often."""
_LOG_BLOCKS = 2_000

_ACTOR = Actor.system("sender")


class NotSigned(Refused):
    """Too few owners have signed; there is nothing to carry."""


class CarriedByOthers(Refused):
    """The Safe has done this already, in a transaction that is not ours; it is asked no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrier:
    """What really goes out for a row: to whom, with which bytes."""

    to: str
    data: str


def wallet(config: ChainConfig) -> SignerConfig:
    """The chain's Safe.

    Raises:
        BadChainFile: it has none.
    """
    found = config.signer(SignerTier.WARM)
    if found is None:
        raise BadChainFile(f"Chain {config.name} ({config.chain_id}) has no Safe.")
    return found


def executor(config: ChainConfig) -> SignerConfig:
    """The key that carries what the Safe's owners have signed, and pays for it."""
    key = wallet(config).key
    assert isinstance(key, SafeWallet)  # noqa: S101 - what makes it the warm wallet
    return next(signer for signer in config.signers if signer.name == key.executor)


def is_rejection(row: Transaction, config: ChainConfig) -> bool:
    """Whether a transaction is an empty call of the chain's Safe to itself, and nothing else."""
    safe = config.signer(SignerTier.WARM)
    return safe is not None and row.to == safe.address and proposals.rejected_nonce(row) is not None


def carrier_of(row: Transaction) -> Carrier:
    """What goes out: the call itself, or the Safe's ``execTransaction`` around it.

    Raises:
        NotSigned: the owners' signatures are not complete.
        safe_contract.NotThePlainCall: the bytes to carry are not what the owners signed.
    """
    if row.tier != SignerTier.WARM:
        return Carrier(to=row.to, data=row.calldata)
    proposal = proposals.proposal_of(row.pk)
    if proposal is None or not proposal.carried:
        raise NotSigned(f"Transaction {row.pk} waits for the warm wallet's owners.")
    safe_contract.check_execution(proposal.carried, to=row.to, data=row.calldata)
    return Carrier(to=proposal.safe, data=proposal.carried)


def signatures_lapsed(row: Transaction) -> str:
    """Why the owners no longer stand behind what is carried for them; "" when enough do, or when it
    needs none. Ownership itself the contract checks."""
    proposal = proposals.proposal_of(row.pk) if row.tier == SignerTier.WARM else None
    if proposal is None or len(proposals.counted(proposal, proposal.owners)) >= proposal.threshold:
        return ""
    return "Too few of the owners who signed it may still sign."


def prepare(row: Transaction, config: ChainConfig, client: Reader, *, at: datetime) -> bool:
    """Take a simulated warm row as far as its owners have come; whether it can be executed now.

    Owners, threshold and nonce are read from the chain each time that decides something.

    Raises:
        ChainUnavailable: no node answers.
        safe_contract.NotThisSafe: there is no Safe of ours at the address.
        CarriedByOthers: the Safe has done it, but not by us.
        Fails: it was to use up a nonce that is used, or the chain has another Safe now.
    """
    safe = wallet(config).address
    proposal = proposals.proposal_of(row.pk)
    if proposal is None:
        state, block = _read(client, config.chain_id, safe)
        try:
            operations.propose(
                transaction_id=row.pk, safe=safe, state=state, block=block, actor=_ACTOR, at=at
            )
        except operations.NonceIsUsed as used:
            raise Fails(used.message) from used
        return False
    if proposal.safe != safe:
        raise Fails(f"Its owners were asked for {proposal.safe}, which is the Safe no more.")
    if proposal.status == ProposalStatus.EXECUTED:
        raise CarriedByOthers(f"{proposal.outcome} Take this one back.")
    if _may_rest(proposal, at):
        return False
    state, block = _read(client, config.chain_id, safe)
    if state.nonce > proposal.safe_nonce and _used_for_good(client, config, proposal):
        operations.nonce_was_used(
            proposal_id=proposal.pk,
            carried_by_others=_carried_in(client, proposal, block),
            actor=_ACTOR,
            at=at,
        )
        return False
    proposal = operations.move_down(
        proposal_id=proposal.pk, state=state, block=block, actor=_ACTOR, at=at
    )
    return operations.make_ready(proposal_id=proposal.pk, state=state, actor=_ACTOR, at=at)


def tidy(config: ChainConfig, client: Reader, *, at: datetime) -> None:
    """End the proposals whose transactions have ended; one that cannot be judged now waits."""
    for proposal in proposals.live_proposals(config.chain_id):
        if proposal.transaction.status in UNFINISHED:
            continue
        others = ""
        if proposal.transaction.status == TransactionStatus.REVERTED:
            # Its signatures were public: somebody may have been faster with the same bytes.
            try:
                newest = int(client.call("eth_blockNumber"), 16)
                others = _carried_in(client, proposal, newest)
            except (ChainUnavailable, RpcRefused, KeyError, TypeError, ValueError) as trouble:
                log.warning("safe proposal %s cannot be judged: %s", proposal.pk, trouble)
                continue
        operations.follow(proposal_id=proposal.pk, carried_by_others=others, actor=_ACTOR, at=at)


def trouble_with(row: Transaction, receipt: Mapping[str, Any]) -> str:
    """Why a successful receipt does not prove that the Safe executed; "" when it does, or when the
    row needed no Safe."""
    if row.tier != SignerTier.WARM:
        return ""
    proposal = proposals.proposal_of(row.pk)
    if proposal is None:
        return "It was mined without a proposal of the warm wallet."
    outcome = safe_contract.outcome_in(
        receipt["logs"], safe=proposal.safe, tx_hash=proposal.safe_tx_hash
    )
    if outcome == "ExecutionSuccess":
        return ""
    return f"It was mined, but the Safe said {outcome or 'nothing'} of {proposal.safe_tx_hash}."


def _may_rest(proposal: SafeProposal, at: datetime) -> bool:
    """Whether nothing can have changed that we would not see soon enough."""
    signed = len(proposals.counted(proposal, proposal.owners)) >= proposal.threshold
    return not signed and at - proposal.checked_at < timedelta(seconds=CHECK_SECONDS)


def _used_for_good(client: Reader, config: ChainConfig, proposal: SafeProposal) -> bool:
    """Whether the final chain says so too: a reorg can still give the nonce back."""
    cursor = Cursor.objects.get(chain_id=config.chain_id)
    if cursor.final_number is None:
        return False
    state, _ = _read(client, config.chain_id, proposal.safe, block=hex(cursor.final_number))
    return state.nonce > proposal.safe_nonce


def _read(
    client: Reader, chain_id: int, safe: str, *, block: str = "latest"
) -> tuple[SafeState, int]:
    """The Safe's state at a block, and the newest block's number."""
    asked = [
        ("eth_call", [{"to": to, "data": data}, block])
        for to, data in safe_contract.state_calls(safe)
    ]
    number, *answers = client.batch([("eth_blockNumber", []), *asked])
    for answer in (number, *answers):
        if isinstance(answer, RpcRefused):
            raise ChainUnavailable(f"The node does not tell the Safe's state: {answer.message}")
    return safe_contract.state_of(chain_id, safe, answers), int(number, 16)


def _carried_in(client: Reader, proposal: SafeProposal, newest_block: int) -> str:
    """The hash of the transaction in which the Safe executed a proposal, "" when in none.

    Raises:
        ChainUnavailable: a node refuses even the logs of a few blocks.
    """
    topics = [safe_contract.success_topic(), proposal.safe_tx_hash]
    start, blocks = proposal.proposed_block, _LOG_BLOCKS
    while start <= newest_block:
        end = min(start + blocks - 1, newest_block)
        window = {"fromBlock": hex(start), "toBlock": hex(end)}
        try:
            logs = client.call(
                "eth_getLogs", {"address": proposal.safe, "topics": topics, **window}
            )
        except RpcRefused as refused:
            blocks //= 2
            if blocks == 0:
                raise ChainUnavailable(
                    f"No node gives the Safe's logs: {refused.message}"
                ) from refused
            continue
        if logs:
            return str(logs[0]["transactionHash"]).lower()
        start = end + 1
    return ""
