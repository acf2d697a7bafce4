"""static/js/wallet.js in a real browser, against a real node."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data

from devnet.accounts import APPROVER_1, INVESTORS
from devnet.node import Anvil

pytestmark = [pytest.mark.browser, pytest.mark.chain]
SCRIPT = Path(__file__).parents[2] / "static" / "js" / "wallet.js"
NONCE = "0x" + "ab" * 32
EXPIRES_AT = 1_900_000_000


def typed_data(reason: str) -> dict[str, Any]:
    return {
        "types": {
            "EIP712Domain": [
                {"name": "name", "type": "string"},
                {"name": "chainId", "type": "uint256"},
            ],
            "Vote": [{"name": "reason", "type": "string"}, {"name": "nonce", "type": "bytes32"}],
        },
        "primaryType": "Vote",
        "domain": {"name": "Paimon", "chainId": 31337},
        "message": {"reason": reason, "nonce": NONCE},
    }


class BackOffice:
    """The two addresses that a signed form talks to, and what they were sent."""

    def __init__(self) -> None:
        self.dev_wallet_url = ""
        self.address = APPROVER_1.address.lower()
        self.refusal: tuple[int, dict[str, Any]] | None = None
        self.asked: list[dict[str, str]] = []
        self.sent: list[dict[str, str]] = []
        self.csrf: list[str] = []
        office = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path == "/wallet.js":
                    self.answer(200, SCRIPT.read_text(), "text/javascript")
                else:
                    self.answer(200, office.page(), "text/html")

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                fields = {name: values[0] for name, values in parse_qs(body).items()}
                if self.path == "/act":
                    office.sent.append(fields)
                    return self.answer(200, "<h1>Done</h1>", "text/html")
                office.asked.append(fields)
                office.csrf.append(self.headers["X-CSRFToken"])
                if office.refusal:
                    status, said = office.refusal
                    return self.answer(status, json.dumps(said), "application/json")
                return self.answer(200, json.dumps(office.payload(fields)), "application/json")

            def answer(self, status: int, text: str, kind: str) -> None:
                self.send_response(status)
                self.send_header("Content-Type", f"{kind}; charset=utf-8")
                policy = f"default-src 'self'; connect-src 'self' {office.dev_wallet_url}"
                self.send_header("Content-Security-Policy", policy)
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def payload(self, fields: dict[str, str]) -> dict[str, Any]:
        return {
            "typedData": typed_data(fields.get("reason", "")),
            "nonce": NONCE,
            "expiresAt": EXPIRES_AT,
            "address": self.address,
        }

    def page(self) -> str:
        meta = f'<meta name="dev-wallet-url" content="{self.dev_wallet_url}">'
        return f"""<!DOCTYPE html><html lang="en"><head>
            {meta if self.dev_wallet_url else ""}<script src="/wallet.js" defer></script></head>
            <body><form method="post" action="/act" data-sign-url="/sign">
            <input type="hidden" name="csrfmiddlewaretoken" value="c5rf">
            <input type="hidden" name="signature"><input type="hidden" name="nonce">
            <input type="hidden" name="expires_at">
            <input name="reason" value="looks “right”">
            <button name="decision" value="APPROVE">Approve</button>
            <button name="decision" value="REJECT">Reject</button></form></body></html>"""


@pytest.fixture(scope="module")
def node() -> Iterator[Anvil]:
    with Anvil.start() as started:
        yield started


@pytest.fixture
def office() -> Iterator[BackOffice]:
    made = BackOffice()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def window(browser: Any) -> Iterator[Any]:
    context = browser.new_context()
    yield context.new_page()
    context.close()


def with_browser_wallet(window: Any, node: Anvil, **behaviour: Any) -> None:
    """A wallet extension that holds the node's accounts; ``behaviour`` makes methods fail."""
    script = """([accounts, failures, chain]) => { window.ethereum = { request: async (call) => {
        if (failures[call.method]) throw failures[call.method];
        if (call.method === "eth_requestAccounts") return accounts;
        if (call.method === "eth_chainId") return chain;
        if (call.method === "wallet_switchEthereumChain") {
            chain = call.params[0].chainId;
            return null;
        }
        return window.signLikeNode(call.params);
    } } }"""
    window.expose_function("signLikeNode", lambda params: _node_signs(node, params))
    arguments = [
        behaviour.get("accounts", [APPROVER_1.address]),
        behaviour.get("failures", {}),
        behaviour.get("chain", "0x7a69"),
    ]
    window.add_init_script(f"({script})({json.dumps(arguments)})")


def _node_signs(node: Anvil, params: list[str]) -> str:
    from devnet.rpc import Rpc

    return str(Rpc(node.url).call("eth_signTypedData_v4", params[0], json.loads(params[1])))


def signer(fields: dict[str, str]) -> str:
    message = encode_typed_data(full_message=typed_data(fields["reason"]))
    return str(Account.recover_message(message, signature=fields["signature"]))


class TestDevelopmentWallet:
    def test_signs_what_the_office_says_and_sends_the_form(
        self, window: Any, office: BackOffice, node: Anvil
    ) -> None:
        office.dev_wallet_url = node.url
        window.goto(office.url)
        assert "Development wallet" in window.inner_text(".wallet-development")

        window.focus("button[value=REJECT]")
        window.keyboard.press("Enter")
        window.wait_for_selector("h1")

        assert office.asked == [
            {"csrfmiddlewaretoken": "c5rf", "reason": "looks “right”", "decision": "REJECT"}
        ]
        assert office.csrf == ["c5rf"]
        sent = office.sent[0]
        assert (sent["decision"], sent["nonce"]) == ("REJECT", NONCE)
        assert sent["expires_at"] == str(EXPIRES_AT)
        assert signer(sent) == APPROVER_1.address

    def test_says_what_the_office_refused_and_sends_nothing(
        self, window: Any, office: BackOffice, node: Anvil
    ) -> None:
        office.dev_wallet_url = node.url
        office.refusal = (409, {"error": {"code": "CONFLICT", "message": "You voted before."}})
        window.goto(office.url)

        window.click("button[value=APPROVE]")
        window.wait_for_selector(".wallet-status.wallet-error")

        assert window.inner_text(".wallet-status") == "You voted before."
        assert window.get_attribute(".wallet-status", "aria-live") == "assertive"
        assert not office.sent
        office.refusal = None
        window.click("button[value=APPROVE]")
        window.wait_for_selector("h1")

    def test_says_that_the_node_lacks_the_wallet(
        self, window: Any, office: BackOffice, node: Anvil
    ) -> None:
        office.dev_wallet_url = node.url
        office.address = "0x" + "12" * 20
        window.goto(office.url)

        window.click("button[value=APPROVE]")
        window.wait_for_selector(".wallet-error")

        assert "does not hold your registered wallet 0x1212…1212" in window.inner_text(
            ".wallet-status"
        )


class TestBrowserWallet:
    def test_signs(self, window: Any, office: BackOffice, node: Anvil) -> None:
        with_browser_wallet(window, node, chain="0x38")
        window.goto(office.url)
        assert window.query_selector(".wallet-development") is None

        window.click("button[value=APPROVE]")
        window.wait_for_selector("h1")

        assert signer(office.sent[0]) == APPROVER_1.address

    def test_can_be_chosen_beside_the_development_wallet(
        self, window: Any, office: BackOffice, node: Anvil
    ) -> None:
        office.dev_wallet_url = node.url
        declined = {"eth_signTypedData_v4": {"code": 4001, "message": "x"}}
        with_browser_wallet(window, node, failures=declined)
        window.goto(office.url)

        window.check("input[data-browser-wallet]")
        window.click("button[value=APPROVE]")
        window.wait_for_selector(".wallet-error")

        assert "You declined in your wallet" in window.inner_text(".wallet-status")
        assert not office.sent

    @pytest.mark.parametrize(
        ("behaviour", "words"),
        [
            ({"accounts": [INVESTORS[0].address]}, "is registered to you. Switch the account"),
            ({"accounts": []}, "shares no account"),
            (
                {
                    "chain": "0x38",
                    "failures": {"wallet_switchEthereumChain": {"code": 4902, "message": "x"}},
                },
                "does not know chain 31337",
            ),
            ({"failures": {"eth_requestAccounts": {"code": -32002}}}, "has a question open"),
            (
                {"failures": {"eth_signTypedData_v4": {"code": 1, "message": "Ledger locked"}}},
                "Ledger locked",
            ),
        ],
    )
    def test_says_in_words_what_is_wrong(
        self, window: Any, office: BackOffice, node: Anvil, behaviour: dict[str, Any], words: str
    ) -> None:
        with_browser_wallet(window, node, **behaviour)
        window.goto(office.url)

        window.click("button[value=APPROVE]")
        window.wait_for_selector(".wallet-error")

        assert words in window.inner_text(".wallet-status")
        assert not office.sent
        assert not window.eval_on_selector("form", "form => form.inert")

    def test_says_that_there_is_none(self, window: Any, office: BackOffice) -> None:
        window.goto(office.url)

        window.click("button[value=APPROVE]")
        window.wait_for_selector(".wallet-error")

        assert "No wallet found in this browser" in window.inner_text(".wallet-status")
