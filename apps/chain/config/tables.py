"""Values out of TOML tables, each refused in one sentence when it cannot be meant."""

import math
import re
from collections.abc import Collection
from typing import Any

from apps.chain.config.kinds import BadChainFile

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")


def tables(table: dict[str, Any], key: str, where: str) -> list[dict[str, Any]]:
    """A list of sub-tables, empty when absent."""
    found = table.get(key, [])
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        heading = key if key == "chains" else f"chains.{key}"
        raise BadChainFile(f"{where}: write each of the {key} as [[{heading}]].")
    return found


def refuse_unknown(table: dict[str, Any], known: Collection[str], where: str) -> None:
    """Nobody may believe a limit is set that was only misspelt.

    Raises:
        BadChainFile: the table says something that we do not know.
    """
    for key in table:
        if key not in known:
            raise BadChainFile(f"{where}: {key} is no setting that we know.")


def address(table: dict[str, Any], where: str) -> str:
    """The table's address in lower case."""
    value = table.get("address")
    if not isinstance(value, str) or not _ADDRESS.fullmatch(value):
        raise BadChainFile(f"{where}: address {value!r} is not 0x and 40 hexadecimal digits.")
    return value.lower()


def number(table: dict[str, Any], key: str, where: str, default: int | None = None) -> int:
    """A whole number, 0 or above."""
    value = table.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise BadChainFile(f"{where}: {key} must be a whole number, not {value!r}.")
    return value


def positive(table: dict[str, Any], key: str, where: str, default: float) -> float:
    """A finite number above 0."""
    value = table.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
        raise BadChainFile(f"{where}: {key} must be a number above 0, not {value!r}.")
    return float(value)


def text(table: dict[str, Any], key: str, where: str) -> str:
    """Text that must be there."""
    value = table.get(key)
    if not isinstance(value, str) or not value:
        raise BadChainFile(f"{where}: {key} must be given, as text.")
    return value


def flag(table: dict[str, Any], key: str, where: str) -> bool:
    """True or false, false when absent."""
    value = table.get(key, False)
    if not isinstance(value, bool):
        raise BadChainFile(f"{where}: {key} must be true or false, not {value!r}.")
    return value


def urls(
    table: dict[str, Any], key: str, schemes: tuple[str, str], where: str, *, required: bool = False
) -> tuple[str, ...]:
    """A list of URLs, each with one of two schemes and once."""
    found = table.get(key, [])
    starts = tuple(f"{scheme}://" for scheme in schemes)
    if (
        not isinstance(found, list)
        or (required and not found)
        or not all(isinstance(url, str) and url.startswith(starts) for url in found)
    ):
        raise BadChainFile(f"{where}: {key} must be a list of {schemes[0]}(s) URLs.")
    if len(set(found)) != len(found):
        raise BadChainFile(f"{where}: {key} names the same URL twice.")
    return tuple(found)
