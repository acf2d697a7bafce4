"""What is in git as compiled is what the sources compile to."""

import subprocess
from pathlib import Path

from devnet.abi import ARTIFACTS

DEVNET = ARTIFACTS.parent


def test_artifacts_are_what_the_sources_compile_to(tmp_path: Path) -> None:
    subprocess.run(["node", "compile.mjs", str(tmp_path)], cwd=DEVNET, check=True)

    fresh = {path.name: path.read_text() for path in tmp_path.glob("*.json")}

    assert fresh == {path.name: path.read_text() for path in ARTIFACTS.glob("*.json")}
    assert "FundVault.json" in fresh
