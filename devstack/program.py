"""A program at work: signs in with a wallet, reads by REST, listens by WebSocket."""

import json
import threading
from typing import Any
from urllib.parse import urljoin

import requests
from eth_account import Account
from eth_account.messages import encode_defunct
from eth_account.signers.local import LocalAccount
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from devstack.errors import DevError

TIMEOUT_SECONDS = 10.0


class Program:
    """A REST client with an access token of its own."""

    def __init__(self, url: str, wallet: LocalAccount) -> None:
        self._api = urljoin(url, "/api/v1/")
        self._wallet = wallet
        self.token = ""

    def sign_in(self) -> None:
        """Sign the challenge (EIP-4361) with the wallet and keep the access token.

        Raises:
            DevError: it was refused.
        """
        challenge = self._send("POST", "auth/challenge", {"address": self._wallet.address})
        message = challenge["message"]
        signed = Account.sign_message(encode_defunct(text=message), self._wallet.key)
        signature = "0x" + bytes(signed.signature).hex()
        tokens = self._send("POST", "auth/verify", {"message": message, "signature": signature})
        self.token = tokens["accessToken"]

    def get(self, path: str) -> Any:
        """The ``data`` of an answer.

        Raises:
            DevError: it was refused.
        """
        return self._send("GET", path, None)

    def _send(self, method: str, path: str, body: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        answer = requests.request(
            method, urljoin(self._api, path), json=body, headers=headers, timeout=TIMEOUT_SECONDS
        )
        envelope = answer.json()
        if not envelope.get("success"):
            raise DevError(f"REST {path} answered {answer.status_code}: {envelope.get('error')}")
        return envelope["data"]


class Subscriber(threading.Thread):
    """Keeps what channels say, until closed."""

    def __init__(self, ws_url: str, token: str, channels: list[str]) -> None:
        """Connect, sign in and subscribe.

        Raises:
            DevError: the socket did not acknowledge.
        """
        super().__init__(name="subscriber", daemon=True)
        self.heard: list[dict[str, Any]] = []
        self._socket = connect(ws_url, open_timeout=TIMEOUT_SECONDS)
        self._say({"type": "auth", "token": token})
        self._say({"type": "subscribe", "channels": channels})
        answers = [json.loads(self._socket.recv(timeout=TIMEOUT_SECONDS)) for _ in range(2)]
        if any(answer.get("type") == "error" for answer in answers):
            raise DevError(f"The WebSocket answered {answers}.")

    def run(self) -> None:
        """Collect messages."""
        try:
            for text in self._socket:
                self.heard.append(json.loads(text))
        except ConnectionClosed:
            return

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def has_heard(self, channel: str, name: str, value: object) -> bool:
        """Whether a channel said something in which that name has that value."""
        return any(
            message.get("channel") == channel
            and str(message.get("data", {}).get(name)) == str(value)
            for message in list(self.heard)
        )

    def _say(self, message: dict[str, Any]) -> None:
        self._socket.send(json.dumps(message))
