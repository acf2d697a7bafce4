"""The first sources come from a file that is right in every line, or not at all."""

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from apps.audit.models import OperationLog
from apps.core.actor import Actor
from apps.oracle import operations
from apps.oracle.models import Source
from tests.oracle.readings import CHAIN_ID, FEED, GOLD, MMF, NOON

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("chain_file")]

GOOD = f"""
[[sources]]
token = "{MMF.upper().replace("0X", "0x")}"
kind = "AGGREGATOR"
name = "Chain feed"
address = "{FEED}"
stale_after_seconds = 600

[[sources]]
chain_id = {CHAIN_ID}
token = "{GOLD}"
kind = "HTTP"
name = "Vendor"
url = "https://prices.example.org/gold"
price_path = "data.price"
time_path = "data.at"
"""


def load(tmp_path: Path, text: str) -> int:
    path = tmp_path / "sources.toml"
    path.write_text(text)
    return operations.load_sources(path=path, actor=Actor.system("test"), at=NOON)


def refusal(tmp_path: Path, text: str) -> str:
    with pytest.raises(operations.BadSourcesFile) as refused:
        load(tmp_path, text)
    return refused.value.message


class TestGood:
    def test_are_all_there(self, tmp_path: Path) -> None:
        assert load(tmp_path, GOOD) == 2

        feed, vendor = Source.objects.order_by("pk")
        assert (feed.token, feed.kind, feed.name, feed.address) == (
            MMF,
            "AGGREGATOR",
            "Chain feed",
            FEED,
        )
        assert (feed.stale_after_seconds, vendor.stale_after_seconds) == (600, 3_600)
        assert (vendor.url, vendor.price_path, vendor.time_path) == (
            "https://prices.example.org/gold",
            "data.price",
            "data.at",
        )
        assert feed.ticket_id is None
        assert OperationLog.objects.get(action="LOAD_PRICE_SOURCES").level == "HIGH"

    def test_are_loaded_once(self, tmp_path: Path) -> None:
        load(tmp_path, GOOD)

        with pytest.raises(operations.SourcesExist):
            load(tmp_path, GOOD)

    def test_beside_adapters(self, tmp_path: Path) -> None:
        Source.objects.create(
            chain_id=CHAIN_ID, token=MMF, kind="ADAPTER", name="Oracle adapter", created_at=NOON
        )

        assert load(tmp_path, GOOD) == 2


class TestBad:
    def test_every_mistake_is_a_sentence_and_nothing_is_loaded(self, tmp_path: Path) -> None:
        text = (
            GOOD
            + f"""
[[sources]]
token = "{MMF}"
kind = "AGGREGATOR"
name = "Chain feed"
address = "0x12"
stale_after_seconds = 0

[[sources]]
kind = "HTTP"
colour = "red"
name = 7

[[sources]]
chain_id = 56
token = "{MMF}"
kind = "ADAPTER"
name = "Oracle adapter"
"""
        )

        assert refusal(tmp_path, text).splitlines() == [
            "Source 3: A figure counts for 1 to 2592000 seconds.",
            "Source 3: A feed needs its contract's address: 0x and 40 digits.",
            "Source 4: It has no token.",
            "Source 4: “colour” is nothing that a source has.",
            "Source 4: “name” is text.",
            f"Source 5: Prices are read on the fund's chain, {CHAIN_ID}, only.",
            "Source 5: The fund's adapter is a source by itself and is not loaded.",
            "Source 3: The token has a source of this name, 1.",
        ]
        assert not Source.objects.exists()

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("", "holds [[sources]] tables"),
            ("sources = 7", "holds [[sources]] tables"),
            ("sources = [7]", "Source 1 is not a table."),
            (GOOD + "\n[more]\nx = 1", "and nothing else"),
            ("[[sources", "is not TOML"),
            (GOOD.replace("600", "true"), "is a whole number"),
            (GOOD.replace("https", "http"), "begins with https"),
        ],
    )
    def test_says_what_the_file_should_be(self, tmp_path: Path, text: str, words: str) -> None:
        assert words in refusal(tmp_path, text)

    def test_a_file_that_is_not_there_or_no_text(self, tmp_path: Path) -> None:
        for path in (tmp_path / "none.toml", tmp_path):
            with pytest.raises(operations.BadSourcesFile, match="cannot be read"):
                operations.load_sources(path=path, actor=Actor.system("test"), at=NOON)
        binary = tmp_path / "binary.toml"
        binary.write_bytes(b"\xff\xfe")
        with pytest.raises(operations.BadSourcesFile, match="is not TOML"):
            operations.load_sources(path=binary, actor=Actor.system("test"), at=NOON)

    def test_more_than_anybody_needs(self, tmp_path: Path) -> None:
        assert "more than 500" in refusal(tmp_path, "[[sources]]\nname = 'x'\n" * 501)


class TestCommand:
    def test_says_how_many(self, tmp_path: Path) -> None:
        path = tmp_path / "sources.toml"
        path.write_text(GOOD)
        said = StringIO()

        call_command("load_price_sources", str(path), stdout=said)

        assert said.getvalue() == "2 price sources loaded.\n"

    def test_fails_with_the_sentences(self, tmp_path: Path, settings: Any) -> None:
        path = tmp_path / "sources.toml"
        path.write_text(GOOD.replace("https", "ftp"))

        with pytest.raises(CommandError, match=r"Source 2: The URL begins with https://\."):
            call_command("load_price_sources", str(path))
