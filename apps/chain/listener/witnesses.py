"""What the other nodes say of a branch that one of them is on: whether to believe it.

Only a node's own view counts here, not how far it lags: a node ahead on a false branch makes all
honest ones look late.
"""

from collections import Counter
from enum import Enum

from apps.chain.client import Client, Node, NodeTrouble, blocks
from apps.chain.client.blocks import Header, NodeLied, NoSuchBlock
from apps.chain.listener.round import Briefly, Round
from apps.chain.models import Block

STANDSTILL_BLOCKS = 10
"""A node whose head stayed while the branch grew by so many blocks has come to a stand."""
_LATE_BLOCKS_MAX = 32
"""A node that must read more than this to reach our height is not waited for."""


class Verdict(Enum):
    """What came of asking."""

    BELIEVED = "believed"
    UNDECIDED = "undecided"
    DENIED = "denied"
    """Another node still holds our branch, and nobody else is on the new one."""


class _Word(Enum):
    """What one node has to say."""

    FOR = "for"
    AGAINST = "against"
    LATER = "later"
    """It failed, is on a third branch, or does not reach so high yet: asked again."""
    NONE = "none"


class Witnesses:
    """Asks all nodes at each look. Remembers how long each one's head has stayed where it is."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._stands: dict[str, tuple[str, int]] = {}

    def verdict(self, now: Round, theirs: Header, ancestor_number: int) -> Verdict:
        """Whether to leave our branch for the one of the node asked, which has ``theirs`` at the
        height of our tip and left us after ``ancestor_number``.

        Every other node that can be reached is asked, however far it lags. One that has ``theirs``
        is for it. One that holds our block, at that height or at its own lower head above the
        ancestor, is against it. The branch is believed when one is for it and those for it (the
        node itself among them) are more than those against it; or when nobody has a word to say
        and the same node says the same at the second look, unless even a benched one still holds
        our block: it may lie of logs, and yet be on the right branch. Who fails or is a little late
        is waited for.

        So that two nodes, one of them dead on our old branch, do not hold us there for ever: a
        node whose head stayed where it is while the branch grew by ``STANDSTILL_BLOCKS`` has no
        word any more, except for the branch.
        """
        words = Counter(
            self._word(node, now, theirs, ancestor_number) for node in self._client.others(now.node)
        )
        if words[_Word.FOR]:
            outnumber = words[_Word.FOR] + 1 > words[_Word.AGAINST]
            return Verdict.BELIEVED if outnumber else Verdict.UNDECIDED
        if words[_Word.AGAINST]:
            return Verdict.DENIED
        if words[_Word.LATER] or now.cursor.suspect_hash != theirs.hash:
            return Verdict.UNDECIDED
        if _Word.AGAINST in {
            self._word(node, now, theirs, ancestor_number) for node in self._client.benched()
        }:
            return Verdict.UNDECIDED
        return Verdict.BELIEVED

    def _word(self, node: Node, now: Round, theirs: Header, ancestor_number: int) -> _Word:
        try:
            heads = blocks.heads(Briefly(node), first=theirs.number, count=1, with_final=False)
        except (NodeTrouble, NoSuchBlock):
            return _Word.LATER
        except NodeLied as lie:
            self._client.bench(node, str(lie))
            return _Word.LATER
        if any(header.hash == theirs.hash for header in heads.following):
            return _Word.FOR
        if self._has_come_to_a_stand(node, heads.latest, now.latest.number):
            return _Word.NONE
        own = heads.following[0] if heads.following else heads.latest
        if own.number > ancestor_number and _is_ours(now.place.chain_id, own):
            return _Word.AGAINST
        return _Word.NONE if theirs.number - own.number > _LATE_BLOCKS_MAX else _Word.LATER

    def _has_come_to_a_stand(self, node: Node, head: Header, branch_number: int) -> bool:
        stands_at, since = self._stands.get(node.key, ("", 0))
        if stands_at != head.hash:
            self._stands[node.key] = (head.hash, branch_number)
            return False
        return branch_number - since >= STANDSTILL_BLOCKS


def _is_ours(chain_id: int, header: Header) -> bool:
    return Block.objects.filter(chain_id=chain_id, hash=header.hash, canonical=True).exists()
