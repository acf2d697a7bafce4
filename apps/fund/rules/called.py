"""What a token calls itself: exactly, as people agree to it, and as it can be shown.

Anybody can deploy a token that says anything: nothing, a name that looks like another, letters that
turn a line around, a book. What is shown is one printable line, cut; what is agreed to are bytes.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .text import one_line

SYMBOL_MAX = 32
NAME_MAX = 100
_EXACT_BYTES_MAX = 256
_MORE = "…"


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """A token's own words: the bytes of its name and symbol, and its decimals; None is what it does
    not answer."""

    name: bytes | None
    symbol: bytes | None
    decimals: int | None

    @property
    def is_complete(self) -> bool:
        """Whether it says a symbol and a name that can be shown, and its decimals."""
        return bool(self.shown_symbol and self.shown_name) and self.decimals is not None

    @property
    def shown_symbol(self) -> str:
        """One line, empty when nothing of it can be shown."""
        return _shown(self.symbol, SYMBOL_MAX)

    @property
    def shown_name(self) -> str:
        """One line, likewise."""
        return _shown(self.name, NAME_MAX)

    def as_facts(self) -> dict[str, Any]:
        """What a ticket freezes."""
        return {
            "symbol": self.shown_symbol,
            "name": self.shown_name,
            "decimals": self.decimals,
            "symbolBytes": exact(self.symbol),
            "nameBytes": exact(self.name),
        }

    def says_the_same_as(self, facts: Mapping[str, Any]) -> bool:
        """Whether these are the words that a ticket froze, to the byte."""
        mine = self.as_facts()
        return all(
            str(mine[name]) == str(facts[name]) for name in ("symbolBytes", "nameBytes", "decimals")
        )


def exact(said: bytes | None) -> str:
    """The bytes as 0x-hex; of very many, their hash and how many there are. Empty for none."""
    if said is None:
        return ""
    if len(said) <= _EXACT_BYTES_MAX:
        return f"0x{said.hex()}"
    return f"sha256 {hashlib.sha256(said).hexdigest()} of {len(said)} bytes"


def _shown(said: bytes | None, length_max: int) -> str:
    # Far more than is shown, whatever its letters take: a book is not cleaned in whole.
    text = one_line((said or b"")[: length_max * 16].decode(errors="replace"))
    return text if len(text) <= length_max else text[: length_max - 1] + _MORE
