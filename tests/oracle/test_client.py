"""An HTTP source against a real server: good answers, bad ones, and hosts that are not asked."""

import json
import socket
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.oracle.client import HttpAnswer, ask, figures
from apps.oracle.client.trouble import NoFigure
from tests.oracle.price_server import PriceServer, serving

ONE = 10**18


@pytest.fixture
def server() -> Iterator[PriceServer]:
    with serving() as told:
        yield told


def asked(url: str, **changes: Any) -> HttpAnswer:
    return ask(
        **{
            "url": url,
            "price_path": "price",
            "time_path": "",
            "seconds": 5.0,
            "allow_private": True,
            **changes,
        }
    )


class TestFigures:
    def test_a_number_and_how_long_it_took(self, server: PriceServer) -> None:
        answer = asked(server.says('{"price": 1.0375}'))

        assert answer.price == 1_0375 * 10**14
        assert answer.as_of is None
        assert answer.error == ""
        assert answer.latency_ms is not None
        assert server.asked == [("/p", f"127.0.0.1:{server.port}")]

    @pytest.mark.parametrize(
        ("text", "price"),
        [
            ('"1.25"', 125 * 10**16),
            ("3", 3 * ONE),
            ("1e2", 100 * ONE),
            ("0.1", 10**17),
            ("0.3333333333333333339", 333333333333333333),
            ("0", 0),
            ("-2", -2 * ONE),
            ("1e-60", 0),
            ("-1e-60", -1),
            ("1e40", 10**58),
        ],
    )
    def test_digits_stay_exact_and_round_down(
        self, server: PriceServer, text: str, price: int
    ) -> None:
        assert asked(server.says(f'{{"price": {text}}}')).price == price

    @pytest.mark.parametrize("path", ["data.0.quote.usd", "data.0.last"])
    def test_follows_a_path_through_objects_and_lists(self, server: PriceServer, path: str) -> None:
        url = server.says('{"data": [{"quote": {"usd": 7}, "last": "7"}]}')

        assert asked(url, price_path=path).price == 7 * ONE

    @pytest.mark.parametrize(
        ("text", "instant"),
        [
            ("1772452800", datetime(2026, 3, 2, 12, tzinfo=UTC)),
            ("1772452800000", datetime(2026, 3, 2, 12, tzinfo=UTC)),
            ('"1772452800"', datetime(2026, 3, 2, 12, tzinfo=UTC)),
            ('"2026-03-02T12:00:00Z"', datetime(2026, 3, 2, 12, tzinfo=UTC)),
            ('"2026-03-02T13:00:00+01:00"', datetime(2026, 3, 2, 12, tzinfo=UTC)),
            ('"2026-03-02T12:00:00"', datetime(2026, 3, 2, 12, tzinfo=UTC)),
        ],
    )
    def test_reads_the_time_as_people_write_it(
        self, server: PriceServer, text: str, instant: datetime
    ) -> None:
        url = server.says(f'{{"price": 1, "at": {text}}}')

        assert asked(url, time_path="at").as_of == instant

    @pytest.mark.parametrize(
        "text", ['"soon"', "true", "null", "-1", "1e30", '"9999-12-31T23:59:59-23:00"', "[]"]
    )
    def test_refuses_what_is_no_time(self, server: PriceServer, text: str) -> None:
        answer = asked(server.says(f'{{"price": 1, "at": {text}}}'), time_path="at")

        assert answer.price is None
        assert answer.error == "What it gives as the time is not a time."

    @pytest.mark.parametrize(
        ("body", "error"),
        [
            ("<html>", "Its answer is not JSON."),
            ("", "Its answer is not JSON."),
            (b"\xff\xfe", "Its answer is not JSON."),
            ("[" * 30_000, "Its answer is not JSON."),
            ('{"price": NaN}', "Its answer has NaN in place of a number."),
            ('{"price": 1, "x": Infinity}', "Its answer has Infinity in place of a number."),
            ('{"price": 1e400}', "What it gives as the price is too large."),
            ('{"price": "1e400"}', "What it gives as the price is too large."),
            ('{"price": 1e99999999999999999999}', "A number in its answer is out of range."),
            ('{"price": 1' + "0" * 300 + "}", "A number in its answer is too long."),
            ('{"price": "about 2"}', "What it gives as the price is not a number."),
            ('{"price": "NaN"}', "What it gives as the price is not a number."),
            ('{"price": true}', "What it gives as the price is not a number."),
            ('{"price": null}', "What it gives as the price is not a number."),
            ('{"price": {"usd": 1}}', "What it gives as the price is not a number."),
            ('{"cost": 1}', "Its answer has nothing at the price's path."),
            ("[1]", "Its answer has nothing at the price's path."),
            ('"1"', "Its answer has nothing at the price's path."),
        ],
    )
    def test_says_what_is_wrong_with_an_answer(
        self, server: PriceServer, body: str | bytes, error: str
    ) -> None:
        answer = asked(server.says(body))

        assert answer == HttpAnswer(error=error)


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("pat"), inner),
    max_leaves=8,
)


class TestWhateverItSends:
    @given(st.binary(max_size=60) | json_values.map(lambda value: json.dumps(value).encode()))
    def test_is_a_figure_or_a_reason(self, body: bytes) -> None:
        try:
            price, as_of = figures.find(body, price_path="p", time_path="t")
        except NoFigure:
            return
        assert isinstance(price, int)
        assert abs(price) < 10**60
        assert as_of is not None
        assert as_of.tzinfo is UTC

    @given(st.integers(0, 10**36), st.booleans())
    def test_eighteen_decimals_are_exact(self, price: int, quoted: bool) -> None:
        text = f"{price // ONE}.{price % ONE:018}"
        body = f'{{"p": "{text}"}}' if quoted else f'{{"p": {text}}}'

        assert figures.find(body.encode(), price_path="p", time_path="") == (price, None)


class TestExchange:
    @pytest.mark.parametrize("status", [201, 204, 400, 403, 404, 429, 500, 503])
    def test_takes_nothing_but_200(self, server: PriceServer, status: int) -> None:
        answer = asked(server.says('{"price": 1}', status=status))

        assert answer == HttpAnswer(error=f"It answered HTTP {status}.")

    @pytest.mark.parametrize("status", [301, 302, 307, 308])
    def test_follows_nobody(self, server: PriceServer, status: int) -> None:
        server.says('{"price": 1}', path="/elsewhere")

        answer = asked(server.says("", status=status, Location=f"{server.url}/elsewhere"))

        assert answer.error == f"It leads elsewhere (HTTP {status}), where nobody follows."
        assert [path for path, _ in server.asked] == ["/p"]

    def test_reads_64_kb_and_no_more(self, server: PriceServer) -> None:
        fits = '{"price": 1}'.ljust(64 * 1024)

        assert asked(server.says(fits)).price == ONE
        assert asked(server.says(fits + " ")).error == "Its answer is larger than 64 KB."

    def test_an_endless_answer_is_too_large(self, server: PriceServer) -> None:
        def answer(handler: Any) -> None:
            handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n" + b" " * 200_000)

        assert asked(server.does(answer)).error == "Its answer is larger than 64 KB."

    @pytest.mark.parametrize(
        "head",
        [b"", b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n"],
        ids=["nothing", "headers", "body"],
    )
    def test_a_drip_ends_with_the_time_for_all_of_it(
        self, server: PriceServer, head: bytes
    ) -> None:
        began = time.monotonic()

        answer = asked(server.drips(head), seconds=0.4)

        assert answer.error == "No answer in time."
        assert time.monotonic() - began < 3

    def test_an_answer_that_breaks_off_is_none(self, server: PriceServer) -> None:
        def answer(handler: Any) -> None:
            handler.wfile.write(b'HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{"price": 1}')

        assert asked(server.does(answer)).error == "Its answer broke off."

    def test_what_is_not_http_is_no_answer(self, server: PriceServer) -> None:
        url = server.does(lambda handler: handler.wfile.write(b"220 mail.example ESMTP\r\n"))

        assert asked(url).error == "The connection broke."

    def test_nobody_listens(self) -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{taken.getsockname()[1]}/p"

            assert asked(url).error == "It takes no connection."

    def test_compressed_answers_are_not_unpacked(self, server: PriceServer) -> None:
        url = server.says(b"\x1f\x8b", Content_Encoding="gzip")

        assert "compressed" in asked(url).error

    def test_errors_repeat_nothing_of_the_url_or_the_answer(self, server: PriceServer) -> None:
        url = server.says("secret-body", path="/p?key=secret-key")

        assert "secret" not in asked(url).error

    def test_a_proxy_of_the_environment_is_not_used(
        self, server: PriceServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")

        assert asked(server.says('{"price": 1}')).price == ONE


class TestWhoIsAsked:
    def test_only_https(self, server: PriceServer) -> None:
        answer = asked(server.says('{"price": 1}'), allow_private=False)

        assert answer.error == "Only https is asked."
        assert server.asked == []

    @pytest.mark.parametrize("scheme", ["ftp", "file", "gopher", ""])
    def test_no_other_scheme_either(self, scheme: str) -> None:
        assert asked(f"{scheme}://127.0.0.1/etc").error == "Only https is asked."

    @pytest.mark.parametrize(
        "host",
        ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "169.254.169.254"],  # noqa: S104
    )
    def test_nobody_of_our_own_network(self, host: str) -> None:
        answer = asked(f"https://{host}/p", allow_private=False)

        assert answer.error == "Its host is not on the public internet, so it is not asked."

    def test_a_name_that_leads_inside_is_not_asked(
        self, server: PriceServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        _names_lead_to(monkeypatch, "8.8.8.8", "10.0.0.7")

        answer = asked(f"https://rates.example:{server.port}/p", allow_private=False)

        assert answer.error == "Its host is not on the public internet, so it is not asked."

    def test_the_address_that_was_checked_is_the_one_that_is_asked(
        self, server: PriceServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        looked_up = _names_lead_to(monkeypatch, "127.0.0.1")
        server.says('{"price": 1}')

        answer = asked(f"http://rates.example:{server.port}/p")

        assert answer.price == ONE
        assert looked_up.count("rates.example") == 1
        assert server.asked == [("/p", f"rates.example:{server.port}")]

    def test_a_name_that_nobody_knows(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def unknown(*_: Any, **__: Any) -> Any:
            raise socket.gaierror(socket.EAI_NONAME, "unknown")

        monkeypatch.setattr(socket, "getaddrinfo", unknown)

        assert asked("https://rates.example/p").error == "Its name is not known."

    def test_the_next_address_is_tried(
        self, server: PriceServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        _names_lead_to(monkeypatch, "127.0.0.2", "127.0.0.1")
        server.says('{"price": 1}')

        assert asked(f"http://rates.example:{server.port}/p").price == ONE


class TestTls:
    def test_a_certificate_must_be_known_and_name_the_host(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        certificate = _certificate(tmp_path, "rates.example")
        _names_lead_to(monkeypatch, "127.0.0.1")
        with serving(certificate) as server:
            server.says('{"price": 1}')
            unknown = asked(f"https://rates.example:{server.port}/p")
            monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
            known = asked(f"https://rates.example:{server.port}/p")
            other_name = asked(f"https://other.example:{server.port}/p")

        assert unknown.error == other_name.error == "Its certificate or its TLS is not valid."
        assert known.price == ONE


def _names_lead_to(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[str]:
    """Let every name have these addresses; returns the names that were looked up."""
    looked_up: list[str] = []
    real = socket.getaddrinfo

    def found(host: str, port: Any, *args: Any, **kwargs: Any) -> Any:
        looked_up.append(host)
        if host.replace(".", "").isdigit():
            return real(host, port, *args, **kwargs)
        return [one for address in addresses for one in real(address, port, *args, **kwargs)]

    monkeypatch.setattr(socket, "getaddrinfo", found)
    return looked_up


def _certificate(folder: Path, name: str) -> Path:
    path = folder / "both.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-days", "2", "-keyout", path, "-out", folder / "certificate.pem"),
            *("-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}"),
        ],
        check=True,
        capture_output=True,
    )
    path.write_bytes(path.read_bytes() + (folder / "certificate.pem").read_bytes())
    return path
