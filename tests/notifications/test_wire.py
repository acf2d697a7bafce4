"""One POST: verified, bounded, and never a word of the URL."""

import datetime as dt
import http.server
import ipaddress
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from apps.notifications.delivery import wire
from apps.notifications.rules import FailureType
from devstack.ports import free_port


@pytest.fixture
def self_signed(tmp_path: Path) -> Iterator[str]:
    """An https server that nobody vouches for; yields its address."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False
        )
        .sign(key, hashes.SHA256())
    )
    pem = tmp_path / "server.pem"
    pem.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    server = http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"https://127.0.0.1:{server.server_port}/botTOKEN/sendMessage"
    server.shutdown()
    thread.join()
    server.server_close()


class TestPost:
    def test_who_nobody_vouches_for_is_told_nothing(self, self_signed: str) -> None:
        with pytest.raises(wire.NoAnswer) as nothing:
            wire.post(self_signed, b"{}", {})

        assert nothing.value.sentence == "Its certificate or its TLS is not valid."
        assert nothing.value.type is FailureType.SERVER_ERROR

    @pytest.mark.parametrize(
        ("url", "sentence"),
        [
            ("http://127.0.0.1:{port}/botTOKEN", "It takes no connection."),
            ("http://nowhere.invalid/botTOKEN", "Its name is not known."),
            ("http://127.0.0.1:99999/botTOKEN", "The connection broke."),
            ("http://127.0.0.1:1/bot TOKEN\r\nX: y", "The connection broke."),
        ],
    )
    def test_trouble_is_told_in_our_own_words(self, url: str, sentence: str) -> None:
        with pytest.raises(wire.NoAnswer) as nothing:
            wire.post(url.format(port=free_port()), b"{}", {})

        assert nothing.value.sentence == sentence
        assert "TOKEN" not in repr(nothing.value)
        assert nothing.value.__cause__ is None
        assert nothing.value.__suppress_context__
