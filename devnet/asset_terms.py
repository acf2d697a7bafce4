"""Who issues the assets: a TOML file beside the chain file, for the back-office to load once.

[[assets]]
token = "0x…"
issuer = "Coraline Credit Partners"
otc_contact = "desk@coraline.example"     # where it is traded by word of mouth
notice_days = 10
matures_at = 2027-03-31T00:00:00Z     # where it ends at all
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from devnet.assets import ASSETS, AssetTerms

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

ASSET_TERMS_FILE = "asset_terms.toml"


def write_asset_terms(path: Path, tokens: Mapping[str, str], *, at: datetime) -> None:
    """Writes the terms of all assets.

    Args:
        path: Replaced in one step.
        tokens: The tokens' addresses by symbol.
        at: From when on the days until an asset ends are counted; it ends at a midnight (UTC).
    """
    lines = [line for terms in ASSETS for line in _lines(terms, tokens[terms.symbol], at)]
    draft = path.with_suffix(".draft")
    draft.write_text("\n".join(lines))
    draft.replace(path)


def _lines(terms: AssetTerms, token: str, at: datetime) -> list[str]:
    # JSON's strings and numbers are TOML's as well.
    lines = ["[[assets]]", f"token = {json.dumps(token)}", f"issuer = {json.dumps(terms.issuer)}"]
    if terms.otc_contact:
        lines.append(f"otc_contact = {json.dumps(terms.otc_contact)}")
    lines.append(f"notice_days = {terms.notice_days}")
    if terms.matures_in_days is not None:
        end = at.astimezone(UTC) + timedelta(days=terms.matures_in_days)
        lines.append(f"matures_at = {end:%Y-%m-%d}T00:00:00Z")
    return [*lines, ""]
