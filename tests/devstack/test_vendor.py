"""devstack.vendor, asked over HTTP about a real chain's market."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests

from devnet.deploy import CHAIN_FILE, deploy
from devnet.node import Anvil
from devnet.scenario import Scenario
from devstack.env import ROOT
from devstack.ports import free_port, wait_for_port
from devstack.vendor import Vendor, quote

SECONDS_MAX = 10


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Anvil, Path]]:
    folder = tmp_path_factory.mktemp("vendor")
    with Anvil.start(genesis_days_ago=1) as node:
        deploy(node.url, folder, password="only for tests")
        yield node, folder / CHAIN_FILE


@pytest.fixture
def scenario(market: tuple[Anvil, Path]) -> Scenario:
    return Scenario.connect(market[1])


@pytest.fixture
def vendor(scenario: Scenario) -> Iterator[Vendor]:
    server = Vendor(scenario.hub)
    server.start()
    yield server
    server.stop()


def ask(url: str, token: str) -> requests.Response:
    return requests.get(f"{url}/prices/{token.lower()}.json", timeout=SECONDS_MAX)


class TestVendor:
    def test_tells_the_market_price_of_now(self, vendor: Vendor, scenario: Scenario) -> None:
        token = scenario.tokens["MTMM"].address

        told = ask(vendor.url, token).json()

        assert told["price"] == quote(token, 104_100_000)
        assert 1.0406 < float(told["price"]) < 1.0414
        age = datetime.now(UTC) - datetime.fromisoformat(told["as_of"])
        assert timedelta(0) <= age < timedelta(seconds=30)

    def test_follows_the_market_and_no_distorted_feed(
        self, vendor: Vendor, scenario: Scenario
    ) -> None:
        token = scenario.tokens["HRBR"].address
        scenario.set_prices({"HRBR": 11 * 10**17})
        scenario.distort_feed("HRBR", price=0)

        assert ask(vendor.url, token).json()["price"] == quote(token, 110_000_000)

    @pytest.mark.parametrize("path", ["/", "/prices/", "/prices/0xab.json", "/prices/../x.json"])
    def test_knows_nothing_else(self, vendor: Vendor, path: str) -> None:
        assert requests.get(vendor.url + path, timeout=SECONDS_MAX).status_code == 404

    def test_knows_no_price_of_what_is_not_traded(self, vendor: Vendor) -> None:
        assert ask(vendor.url, "0x" + 40 * "1").status_code == 404

    def test_says_so_when_the_node_is_gone(self, scenario: Scenario) -> None:
        with Anvil.start() as gone:
            pass
        hub = scenario.hub
        hub.chain.rpc.url = gone.url
        server = Vendor(hub)
        server.start()

        answer = ask(server.url, scenario.tokens["HRBR"].address)

        server.stop()
        assert answer.status_code == 503


def test_runs_as_a_process_until_told_to_stop(market: tuple[Anvil, Path]) -> None:
    port, chain_file = free_port(), market[1]
    token = Scenario.connect(chain_file).tokens["CPCS"].address
    command = [sys.executable, "-m", "devstack.vendor", "--port", str(port)]
    with subprocess.Popen(
        [*command, "--chain-file", str(chain_file)], cwd=ROOT, stdout=subprocess.DEVNULL
    ) as server:
        assert wait_for_port(port, seconds_max=20)

        told = ask(f"http://127.0.0.1:{port}", token).json()
        server.send_signal(signal.SIGTERM)

        assert server.wait(timeout=20) == 0
    assert told["price"] == quote(token, 108_300_000)


@pytest.mark.parametrize(("token", "price"), [("0x0", "0.999700"), ("0x3", "1.000000")])
def test_the_vendor_has_an_opinion_of_its_own(token: str, price: str) -> None:
    assert quote(token, 100_000_000) == price
