"""AWS KMS on this machine: moto's server, made as strict about digests and key states as AWS is.

    python -m tests.chain.signer.kms_server

prints the port it listens on and ends when its standard input does. Keys live as long as it does.
moto hashes every message, whatever MessageType says, and signs with disabled keys: both are put
right here, in this process only.
"""

import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import boto3
from botocore.config import Config

from apps.chain.config import KmsPlace
from tests.chain.signer.kept import address_of

PRIMARY, REPLICA = "us-east-1", "eu-west-1"


class KmsServer:
    """The server's process, and what its owner may do that a signer may not."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.chain.signer.kms_server"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._process.stdout is not None
        self.url = f"http://127.0.0.1:{int(self._process.stdout.readline())}"

    def stop(self) -> None:
        self._process.communicate(timeout=20)

    def owner(self, region: str) -> Any:
        """A client with every right."""
        return boto3.session.Session().client(
            "kms", region_name=region, endpoint_url=self.url, config=Config(proxies={})
        )

    def create_key(self, spec: str = "ECC_SECG_P256K1") -> tuple[str, str]:
        """A key in the primary region with a replica in the other: the id of both, the address."""
        owner = self.owner(PRIMARY)
        made = owner.create_key(KeySpec=spec, KeyUsage="SIGN_VERIFY", MultiRegion=True)
        key_id = str(made["KeyMetadata"]["KeyId"])
        owner.replicate_key(KeyId=key_id, ReplicaRegion=REPLICA)
        return key_id, address_of(owner.get_public_key(KeyId=key_id)["PublicKey"])

    def place(self, key_id: str, region: str = PRIMARY, url: str = "") -> KmsPlace:
        return KmsPlace(region=region, key_id=key_id, endpoint_url=url or self.url)


def serve() -> None:
    """Run until standard input ends."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
    from moto.core.exceptions import JsonRESTError
    from moto.kms.models import KmsBackend
    from moto.kms.responses import KmsResponse
    from moto.kms.utils import ECDSAPrivateKey
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import WSGIRequestHandler, make_server

    sign_response = KmsResponse.sign

    def sign_digest_only(self: Any) -> str:
        if self._get_param("MessageType") != "DIGEST":
            raise JsonRESTError("ValidationException", "MessageType must be DIGEST here")
        return sign_response(self)

    def sign_prehashed(self: Any, message: bytes, _algorithm: str) -> bytes:
        return bytes(self.private_key.sign(message, ec.ECDSA(Prehashed(hashes.SHA256()))))

    def only_enabled(answer: Callable[..., Any]) -> Callable[..., Any]:
        def answer_if_enabled(self: Any, key_id: str, **arguments: Any) -> Any:
            if not self.describe_key(key_id).enabled:
                raise JsonRESTError("DisabledException", f"{key_id} is disabled.")
            return answer(self, key_id, **arguments)

        return answer_if_enabled

    KmsResponse.sign = sign_digest_only
    ECDSAPrivateKey.sign = sign_prehashed
    KmsBackend.sign = only_enabled(KmsBackend.sign)
    KmsBackend.get_public_key = only_enabled(KmsBackend.get_public_key)
    WSGIRequestHandler.protocol_version = "HTTP/1.1"  # kept-alive connections, as AWS has them
    server = make_server(
        "127.0.0.1", 0, DomainDispatcherApplication(create_backend_app), threaded=True
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.port, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    serve()
