"""What a node says of a block's logs, held against the block itself and against another node.

A header whose hash follows from its fields vouches for its bloom and its receipts' root. A bloom
that cannot hold our addresses proves that there is nothing to ask. Where it can, two nodes are
asked; if they differ, or there is only one, the receipts that hash to the root are the truth.
"""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime

from apps.chain.client import ChainUnavailable, Client, Node, NodeTrouble, RpcRefused, blocks
from apps.chain.client.blocks import Header, NodeLied, NoSuchBlock, RawLog
from apps.chain.config import ChainConfig
from apps.chain.listener.round import Briefly
from apps.chain.models import FindingKind
from apps.chain.operations.findings import close_finding, note_finding
from apps.chain.rules import blooms

log = logging.getLogger(__name__)

_HEADERS = "block headers"


class Disputed(ChainUnavailable):
    """Nodes differ about a block's logs and none can prove its word; nothing was stored."""


class Proofs:
    """Asks for logs in such a way that a node can neither leave any out nor make any up."""

    def __init__(
        self,
        config: ChainConfig,
        client: Client,
        clock: Callable[[], datetime],
        *,
        addresses: Sequence[str] | None = None,
    ) -> None:
        """``addresses`` are the contracts asked about; all that are watched when None."""
        self._chain_id, self._client, self._clock = config.chain_id, client, clock
        watched = [contract.address for contract in config.watched]
        self.addresses = watched if addresses is None else list(addresses)
        self._unproven_known = False
        """Whether people were told that headers prove nothing."""
        self._unprovable = False
        """Whether another node cannot prove them either: it is the chain."""

    def logs_of(self, node: Node, chain: Sequence[Header]) -> list[RawLog]:
        """The watched logs of some blocks, asked only of blocks that can have any.

        Raises:
            NodeLied, NodeTrouble: the node is of no use now.
            Disputed: nobody can say.
        """
        self.check_headers(node, chain)
        due = self.that_may_hold_ours(chain)
        found = blocks.logs_of_blocks(node, due, self.addresses)
        self.check_blooms(due, found)
        return self.verified(node, due, found)

    def that_may_hold_ours(self, chain: Sequence[Header]) -> list[Header]:
        """The blocks that can have logs of ours: all others have a bloom that denies it."""
        return [
            header
            for header in chain
            if not header.proven or blooms.may_hold_any(header.bloom, self.addresses)
        ]

    def check_headers(self, node: Node, chain: Sequence[Header]) -> None:
        """Make sure that headers are the ones their hashes speak of, as far as it can be known.

        Raises:
            NodeLied: another node gives the same block a header that fits its hash.
        """
        unproven = next((header for header in chain if not header.proven), None)
        if unproven is None:
            if chain and self._unproven_known:
                self._close_unproven()
            return
        if self._unprovable:
            return
        is_proven = self._is_proven_elsewhere(node, unproven)
        if is_proven:
            raise NodeLied(f"the header of block {unproven.number} does not fit its hash")
        self._unprovable = is_proven is False  # else it is asked again: it may be this node only
        if self._unproven_known:
            return
        self._unproven_known = True
        detail = (
            f"The hash of block {unproven.number} does not follow from the fields we know: the "
            "chain has a newer kind of header. Logs are asked of every block meanwhile, and a log "
            "that is left out is found only by the comparison of two nodes."
        )
        log.error("chain %s: %s", self._chain_id, detail)
        note_finding(
            chain_id=self._chain_id,
            kind=FindingKind.BLOOM,
            subject=_HEADERS,
            detail=detail,
            block_number=unproven.number,
            at=self._clock(),
        )

    def check_blooms(self, chain: Sequence[Header], found: Sequence[RawLog]) -> None:
        """Make sure that a block's bloom holds every log given for it.

        Raises:
            NodeLied: one is made up.
        """
        by_hash = {header.hash: header for header in chain if header.proven}
        for entry in found:
            header = by_hash.get(entry.block_hash)
            if header is not None and not all(
                blooms.may_hold(header.bloom, value) for value in (entry.address, *entry.topics)
            ):
                raise NodeLied(f"it made up a log: the bloom of block {header.number} denies it")

    def verified(self, node: Node, due: Sequence[Header], found: Sequence[RawLog]) -> list[RawLog]:
        """The logs of these blocks after a second opinion; whoever lied is benched.

        Blocks whose headers prove nothing stay as the node says.
        """
        provable = [header for header in due if header.proven]
        if not provable or not self.addresses:
            return list(found)
        other = self._client.steady_other(node)
        second = None if other is None else self._second_opinion(other, provable)
        mine = _by_block(due, found)
        for header in provable:
            theirs = None if second is None else second[header.hash]
            if theirs == mine[header.hash]:
                continue
            mine[header.hash] = self._settled(node, other, header, mine[header.hash], theirs)
        return [entry for header in due for entry in mine[header.hash]]

    def _second_opinion(
        self, other: Node, chain: Sequence[Header]
    ) -> dict[str, list[RawLog]] | None:
        """Another node's logs by block; None where it cannot say, because it lags or fails."""
        try:
            return _by_block(chain, blocks.logs_of_blocks(Briefly(other), chain, self.addresses))
        except (NoSuchBlock, NodeTrouble):
            return None
        except NodeLied as lie:
            self._client.bench(other, str(lie))
            return None

    def _settled(
        self,
        node: Node,
        other: Node | None,
        header: Header,
        mine: list[RawLog],
        theirs: list[RawLog] | None,
    ) -> list[RawLog]:
        """What the block's receipts say; the node's own word where nobody has any receipts."""
        truth = blocks.logs_by_receipts(node, header, self.addresses)
        if truth is None and other is not None and theirs is not None:
            try:
                truth = blocks.logs_by_receipts(other, header, self.addresses)
            except NodeTrouble:
                truth = None
        if truth is None:
            if theirs is None:
                return mine
            raise Disputed(
                f"Two nodes of chain {self._chain_id} give block {header.number} other logs, and "
                "neither proves its own by receipts."
            )
        if mine != truth:
            self._client.bench(node, f"its logs of block {header.number} were not the block's")
        if other is not None and theirs is not None and theirs != truth:
            self._client.bench(other, f"its logs of block {header.number} were not the block's")
        return truth

    def _is_proven_elsewhere(self, node: Node, header: Header) -> bool | None:
        """Whether another node's header of the same block fits its hash, None when none can say."""
        other = self._client.other(node)
        if other is None:
            return None
        try:
            answer = Briefly(other).call("eth_getBlockByHash", header.hash, False)
            theirs = blocks.header_of(answer, number=header.number)
        except (NodeTrouble, NodeLied, RpcRefused):
            return None
        return theirs.proven if theirs.hash == header.hash else None

    def _close_unproven(self) -> None:
        self._unproven_known = self._unprovable = False
        close_finding(
            chain_id=self._chain_id,
            kind=FindingKind.BLOOM,
            subject=_HEADERS,
            outcome="headers fit their hashes again",
            at=self._clock(),
        )


def _by_block(chain: Sequence[Header], found: Sequence[RawLog]) -> dict[str, list[RawLog]]:
    logs: dict[str, list[RawLog]] = {header.hash: [] for header in chain}
    for entry in found:
        logs[entry.block_hash].append(entry)
    return logs
