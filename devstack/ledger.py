"""The list of running processes, in a file, for whoever comes after us."""

from collections.abc import Mapping
from pathlib import Path

from devstack.processes import ProcessId, stop_all

# The chain node writes its state before it ends.
STOP_SECONDS_MAX = 20.0


class Ledger:
    """Names and identities of what runs now; a killed owner leaves it behind."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def write(self, identities: Mapping[str, ProcessId]) -> None:
        """Replace the list in one step."""
        scratch = self._path.with_name(f"{self._path.name}.new")
        scratch.write_text("".join(f"{name} {one}\n" for name, one in identities.items()))
        scratch.replace(self._path)

    def clear(self) -> None:
        """Delete the list."""
        self._path.unlink(missing_ok=True)

    def stop_leftovers(self) -> list[str]:
        """End what is still running from an earlier list; return the names."""
        if not self._path.exists():
            return []
        listed = [line.partition(" ") for line in self._path.read_text().splitlines()]
        living = {
            name: identity
            for name, _, text in listed
            if (identity := ProcessId.parse(text)).is_alive()
        }
        stop_all(list(living.values()), STOP_SECONDS_MAX)
        self.clear()
        return sorted(living)
