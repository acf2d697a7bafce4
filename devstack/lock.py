"""Resolves requirements/*.in into locked, hashed *.txt files."""

import subprocess
import sys
from pathlib import Path

from devstack.env import ROOT
from devstack.errors import DevError

SOURCES = (
    "requirements/base.in",
    "requirements/production.in",
    "requirements/development.in",
    "devstack/node.in",
)
PYTHON_MIN = "3.11"


def lock_requirements() -> None:
    """Write every lock anew; versions already locked stay unless their source rules them out."""
    uv = Path(sys.executable).parent / "uv"
    for source in SOURCES:
        target = Path(source).with_suffix(".txt")
        print(f"· {source} → {target}", flush=True)
        command = [str(uv), "pip", "compile", "--quiet", "--universal", "--python-version"]
        command += [PYTHON_MIN, "--generate-hashes", source, "-o", str(target)]
        if subprocess.run(command, cwd=ROOT, check=False).returncode:
            raise DevError(f"{source} could not be resolved.")
