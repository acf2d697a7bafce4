"""The chain file: what is wrong is one sentence, and nothing starts."""

import json
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from django.conf import LazySettings as SettingsWrapper
from django.core.management import CommandError, call_command

from apps.chain import config
from apps.chain.client import ChainUnavailable, Client
from apps.chain.models import Cursor
from tests.chain_world import World

GOOD = """
[[chains]]
name = "bsc"
chain_id = 56
rpc_urls = ["http://127.0.0.1:1"]
confirmations = 15
explorer_url = "https://bscscan.com/"

[[chains.contracts]]
kind = "vault"
address = "0x00000000000000000000000000000000000000AB"
start_block = 7
generation = "v1"
"""


@pytest.fixture
def chain_file(tmp_path: Path, settings: SettingsWrapper) -> Path:
    path = tmp_path / "chains.toml"
    settings.CHAIN_FILE = str(path)
    config.reload()
    return path


class TestChains:
    def test_reads_what_it_says(self, chain_file: Path) -> None:
        chain_file.write_text(GOOD)

        chain = config.fund_chain()

        assert (chain.chain_id, chain.confirmations, chain.start_block) == (56, 15, 7)
        assert chain.contract("vault").address == "0x" + "00" * 19 + "ab"
        assert chain.explorer_url == "https://bscscan.com"

    def test_the_finalized_tag_takes_the_place_of_confirmations(self, chain_file: Path) -> None:
        chain_file.write_text(GOOD.replace("confirmations = 15", 'finality = "finalized"'))

        assert config.fund_chain().confirmations is None

    @pytest.mark.parametrize(
        ("old", "new", "sentence"),
        [
            ("chain_id = 56", 'chain_id = "56"', "chain_id must be a whole number"),
            ("rpc_urls = [", "urls = [", "rpc_urls must be a list"),
            ('"http://127.0.0.1:1"', '"ftp://x"', "rpc_urls must be a list of http"),
            ("confirmations = 15", "confirmations = 0", "at least 1"),
            ("confirmations = 15", "", "confirmations must be a whole number"),
            ("confirmations = 15", 'finality = "safe"', 'finality can only be "finalized"'),
            ('kind = "vault"', 'kind = "bank"', "is none of vault"),
            ('AB"', 'A"', "is not 0x and 40"),
            ('generation = "v1"', 'generation = "v9"', "generation 'v9'"),
            ("[[chains]]", "[[chains]", "is not valid TOML"),
            ('generation = "v1"', 'abi = "none.json"', "cannot read the ABI"),
            ("confirmations", 'block_time_seconds = "1"\nconfirmations', "a number above 0"),
            ("confirmations", "block_time_seconds = 0\nconfirmations", "a number above 0"),
            ("confirmations = 15", "confirmations = 15\nfee_cap = 5", "fee_cap is no setting"),
            ("start_block = 7", "start_block = 7\nkinds = 1", "kinds is no setting"),
            ("[[chains]]", 'name = "x"\n[[chains]]', "name is no setting"),
            ('kind = "vault"', 'kind = ["vault"]', "is none of vault"),
            ('generation = "v1"', "abi = 5", "abi must name a file"),
            ("[[chains.contracts]]", "[chains.contracts]", "write each of the contracts as [["),
        ],
    )
    def test_a_mistake_is_one_sentence(
        self, chain_file: Path, old: str, new: str, sentence: str
    ) -> None:
        chain_file.write_text(GOOD.replace(old, new))

        with pytest.raises(config.BadChainFile, match=sentence.replace("[", r"\[")):
            config.chains()

    @pytest.mark.parametrize(
        "entry",
        [
            7,
            {"name": "Paid"},
            {"type": "event", "name": "Paid"},
            {"type": "event", "name": "Paid", "inputs": [{"name": "a", "type": "uint256"}]},
            {"type": "error", "inputs": []},
            {"type": "error", "name": "No", "inputs": [{"type": 5, "name": "a"}]},
        ],
    )
    def test_an_abi_that_could_not_be_used_later_is_one_sentence(
        self, chain_file: Path, entry: object
    ) -> None:
        (chain_file.parent / "abi.json").write_text(json.dumps([entry]))
        chain_file.write_text(GOOD + 'abi = "abi.json"\n')

        with pytest.raises(config.BadChainFile, match=r"entry 0 of .* is no ABI entry"):
            config.chains()

    def test_a_missing_file_is_one_sentence(self, chain_file: Path) -> None:
        with pytest.raises(config.BadChainFile, match="Cannot read the chain file"):
            config.chains()

    def test_an_unknown_chain_names_the_known_ones(self, chain_file: Path) -> None:
        chain_file.write_text(GOOD)

        with pytest.raises(config.UnknownChain, match="it names 56"):
            config.chain(1)


@pytest.mark.django_db
class TestListen:
    def test_an_unknown_chain_is_refused(self, chain_file: Path) -> None:
        chain_file.write_text(GOOD)

        with pytest.raises(CommandError, match="Chain 1 is not in"):
            call_command("listen", "--chain", "1")

    @pytest.mark.chain
    def test_an_address_without_a_contract_is_refused(
        self, world: World, tmp_path: Path, settings: SettingsWrapper
    ) -> None:
        manager = world.config.contract("redemption_manager").address
        text = Path(settings.CHAIN_FILE).read_text()
        nobody = "0x00000000000000000000000000000000000000ab"
        wrong = tmp_path / "wrong.toml"
        wrong.write_text(
            "\n".join(
                line.replace(line.split('"')[1], nobody)
                if line.strip().lower().startswith(f'address = "{manager}')
                else line
                for line in text.splitlines()
                if not line.strip().startswith("abi")
            )
        )
        settings.CHAIN_FILE = str(wrong)
        config.reload()
        Cursor.objects.all().delete()

        with pytest.raises(CommandError, match=f"no contract at {nobody}"):
            call_command("listen")

        assert not Cursor.objects.exists()

    @pytest.mark.chain
    def test_a_node_of_another_chain_is_never_used(self, world: World, chain_file: Path) -> None:
        chain_file.write_text(GOOD.replace("http://127.0.0.1:1", world.node.url))
        config.reload()

        with pytest.raises(ChainUnavailable, match="it is chain 31337, not 56"):
            Client(config.fund_chain()).call("eth_blockNumber")

    @pytest.mark.chain
    def test_a_node_over_its_quota_gives_way_to_the_next(
        self, world: World, chain_file: Path
    ) -> None:
        error = {"code": -32005, "message": "limit exceeded"}

        class OverQuota(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                body = json.dumps(
                    [{"jsonrpc": "2.0", "id": request["id"], "error": error} for request in asked]
                ).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        with ThreadingHTTPServer(("127.0.0.1", 0), OverQuota) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            urls = (f"http://127.0.0.1:{server.server_port}", world.node.url)
            client = Client(replace(world.config, rpc_urls=urls))
            answer = client.call("eth_chainId")
            server.shutdown()

        assert answer == hex(world.config.chain_id)

    def test_a_node_that_is_down_is_one_sentence(self, chain_file: Path) -> None:
        chain_file.write_text(GOOD)

        with pytest.raises(ChainUnavailable, match=r"No node of chain bsc .* cannot connect"):
            Client(config.fund_chain()).call("eth_blockNumber")
