"""`./dev bench`, as far as it goes without measuring anything."""

import pytest

from devstack.bench import BENCHMARKS, run_benchmarks
from devstack.console import Console
from devstack.env import ROOT
from devstack.errors import DevError


def test_refuses_a_name_it_does_not_know() -> None:
    with pytest.raises(DevError, match=r"No benchmark speed; there are: backfill, "):
        run_benchmarks(Console(), ["latency", "speed"])


@pytest.mark.parametrize("name", BENCHMARKS)
def test_each_benchmark_is_a_module_that_runs(name: str) -> None:
    module = ROOT / "tests" / "benchmarks" / f"{name}.py"

    assert "def run(report: Report) -> None:" in module.read_text()
