"""What a deployment says about its assets beside the chain."""

import tomllib
from datetime import UTC, datetime
from pathlib import Path

from devnet.asset_terms import ASSET_TERMS_FILE, write_asset_terms
from devnet.assets import ASSETS
from devnet.scenario import Scenario


def test_names_every_asset_s_issuer(fund: Scenario, folder: Path) -> None:
    tables = tomllib.loads((folder / ASSET_TERMS_FILE).read_text())["assets"]

    assert {table["token"] for table in tables} == {t.address for t in fund.tokens.values()}
    assert [table["issuer"] for table in tables] == [terms.issuer for terms in ASSETS]


def test_counts_days_until_the_end_from_the_deployment(tmp_path: Path) -> None:
    path = tmp_path / ASSET_TERMS_FILE
    tokens = {terms.symbol: f"0x{number:040x}" for number, terms in enumerate(ASSETS)}

    write_asset_terms(path, tokens, at=datetime(2026, 3, 2, 12, tzinfo=UTC))

    by_issuer = {table["issuer"]: table for table in tomllib.loads(path.read_text())["assets"]}
    leasing = by_issuer["Kestrel Leasing"]
    assert leasing["matures_at"] == datetime(2027, 4, 26, tzinfo=UTC)
    assert "matures_at" not in by_issuer["Alder Valley Lending"]
    assert by_issuer["Alder Valley Lending"]["notice_days"] == 30
