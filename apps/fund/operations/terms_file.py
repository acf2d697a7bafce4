"""Terms of the assets that an installation starts with, from a TOML file.

[[assets]]
token = "0x…"
issuer = "Larch Street Capital"
otc_contact = "desk@larch.example"     # may be left out, as what follows
matures_at = 2027-03-31T00:00:00Z
notice_days = 30
"""

import tomllib
from datetime import datetime
from pathlib import Path
from typing import Any

from apps.core.errors import Invalid
from apps.fund.rules.terms import Terms

from .registering import clean_token

_FIELDS = {
    "token": str,
    "issuer": str,
    "otc_contact": str,
    "matures_at": datetime,
    "notice_days": int,
}
_NEEDED = ("token", "issuer")


class BadTermsFile(Invalid):
    """The file names no assets, or names them wrongly; the message says what is wrong."""


def read_terms(path: Path) -> dict[str, Terms]:
    """Terms by token, as a file says.

    Raises:
        BadTermsFile, BadToken.
    """
    try:
        tables = tomllib.loads(path.read_text("utf-8")).get("assets")
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadTermsFile(f"{path} cannot be read: {error}") from error
    if not isinstance(tables, list) or not tables:
        raise BadTermsFile(f"{path} has no [[assets]] tables.")
    found: dict[str, Terms] = {}
    for number, table in enumerate(tables, start=1):
        token, terms = _terms(table, f"{path}, asset {number}")
        if token in found:
            raise BadTermsFile(f"{path} names {token} twice.")
        found[token] = terms
    return found


def _terms(table: Any, where: str) -> tuple[str, Terms]:
    if not isinstance(table, dict):
        raise BadTermsFile(f"{where} is no table.")
    unknown, missing = table.keys() - _FIELDS.keys(), set(_NEEDED) - table.keys()
    wrong = [name for name, value in table.items() if type(value) is not _FIELDS.get(name)]
    if unknown or missing or wrong:
        names = ", ".join(sorted({*unknown, *missing, *wrong}))
        raise BadTermsFile(f"{where}: look at {names}.")
    said = dict(table)
    return clean_token(said.pop("token")), Terms(**said)
