"""Text of others, made safe to look at: nothing hidden, nothing that turns the reading order."""

import re

# Controls; characters that are not seen; characters that reverse what follows them.
_HIDDEN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufffe\uffff"
    r"\ud800-\udfff]"
)


def visible(text: str, *, characters_max: int = 20_000) -> str:
    """The text with line ends as ``\\n`` and what could hide or reverse it as ``[U+202E]``."""
    text = text[: characters_max + 1].replace("\r\n", "\n").replace("\r", "\n")
    text = _HIDDEN.sub(lambda match: code_point(match.group()), text)
    return text if len(text) <= characters_max else text[: characters_max - 1] + "…"


def visible_line(text: str, *, characters_max: int = 20_000) -> str:
    """The same as one line."""
    return " ".join(visible(text, characters_max=characters_max).split())


def code_point(character: str) -> str:
    """A character written out: ``[U+202E]``."""
    return f"[U+{ord(character):04X}]"
