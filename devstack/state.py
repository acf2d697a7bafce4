"""What a demo remembers between two starts, in one folder."""

import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path

from devstack.env import Secrets, new_jwt_private_key
from devstack.errors import DevError
from devstack.management import StaffMember
from devstack.ports import free_ports, is_free


class State:
    """The folder of one demo: its secrets, its ports, and a lock that one start at a time holds."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder; the lock ends with its holder, however that ends.

        Raises:
            DevError: another start holds it.
        """
        self.directory.mkdir(parents=True, exist_ok=True)
        # Beside the folder, not in it: wiping must not take the lock away.
        with self.directory.with_suffix(".lock").open("a+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                lock.seek(0)
                raise DevError(
                    f"It is already running here (process {lock.read().strip()}): "
                    "stop that one with Ctrl-C first."
                ) from None
            lock.truncate(0)
            lock.write(str(os.getpid()))
            lock.flush()
            yield

    def wipe(self) -> None:
        """Forget everything."""
        shutil.rmtree(self.directory, ignore_errors=True)
        self.directory.mkdir(parents=True)

    def is_complete(self) -> bool:
        """Tell whether a first start came to its end here."""
        return self._complete_file.exists()

    def is_prepared_by(self, code: str) -> bool:
        """Tell whether the last start came to its end here with this very code."""
        return self.is_complete() and self._complete_file.read_text() == code

    def mark_complete(self, code: str) -> None:
        """Note that a start came to its end: what is here may be built upon."""
        self._complete_file.write_text(code)

    @property
    def _complete_file(self) -> Path:
        return self.directory / "complete"

    def secrets(self) -> Secrets:
        """Return the secrets, made at the first call."""
        return Secrets(
            secret_key=self._secret("secret_key", lambda: secrets.token_urlsafe(48)),
            jwt_private_key=self._secret("jwt_private_key.pem", new_jwt_private_key),
            signer_password=self._secret("signer_password", lambda: secrets.token_urlsafe(16)),
        )

    def ports(self, defaults: Mapping[str, int]) -> dict[str, int]:
        """Return a free port for each name: the default, else the last one, else any."""
        remembered: dict[str, int] = {}
        with suppress(FileNotFoundError, ValueError):
            remembered = json.loads(self._ports_file.read_text())
        preferred = {
            name: port if port and is_free(port) else remembered.get(name, 0)
            for name, port in defaults.items()
        }
        chosen = free_ports(preferred)
        self.remember_ports(chosen)
        return chosen

    def remember_ports(self, ports: Mapping[str, int]) -> None:
        """Prefer these ports at the next start."""
        self._ports_file.write_text(json.dumps(ports, indent=2))

    @property
    def _ports_file(self) -> Path:
        return self.directory / "ports.json"

    def staff(self) -> list[StaffMember]:
        """Return the staff as of the last start, nobody before the first."""
        with suppress(FileNotFoundError):
            members = json.loads(self._staff_file.read_text())
            return [StaffMember.from_json(member) for member in members]
        return []

    def remember_staff(self, staff: Sequence[StaffMember]) -> None:
        """Keep who may sign in, readable by the owner alone."""
        self._write_private(self._staff_file, json.dumps([asdict(one) for one in staff], indent=2))

    @property
    def _staff_file(self) -> Path:
        return self.directory / "secrets" / "staff.json"

    def _secret(self, name: str, make: Callable[[], str]) -> str:
        file = self.directory / "secrets" / name
        if not file.exists():
            self._write_private(file, make())
        return file.read_text()

    def _write_private(self, file: Path, text: str) -> None:
        file.parent.mkdir(mode=0o700, exist_ok=True)
        scratch = file.with_name(f"{file.name}.new")
        scratch.touch(mode=0o600)
        scratch.write_text(text)
        scratch.replace(file)
