"""What people call a token. Which app knows is said by the composition root: it stands above."""

from collections.abc import Callable, Mapping

Names = Callable[[int], Mapping[str, str]]

_names: list[Names] = []


def use_names(names: Names) -> None:
    """Say who knows the symbols of a chain's tokens, by lower-case address; done once."""
    _names[:] = [names]


def names_of(chain_id: int) -> Mapping[str, str]:
    """Symbols by token; empty when nobody knows any."""
    return _names[0](chain_id) if _names else {}


def short(token: str) -> str:
    """A token without a known symbol."""
    return f"{token[:6]}…{token[-4:]}"
