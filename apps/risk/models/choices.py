"""How the words of the rules become a field's choices."""

from enum import StrEnum


def choices(values: type[StrEnum]) -> list[tuple[str, str]]:
    """(value, words) of each."""
    return [(item.value, item.value.replace("_", " ").capitalize()) for item in values]
