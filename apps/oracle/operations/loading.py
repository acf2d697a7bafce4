"""An installation's first price sources, from a TOML file; later ones take two people.

[[sources]]
token = "0x…"
kind = "AGGREGATOR"            # or HTTP
name = "Chain feed"
address = "0x…"                # HTTP: url, price_path and, if it tells the time, time_path
stale_after_seconds = 3600
"""

import tomllib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from apps.audit import operations as audit
from apps.chain import queries as chain
from apps.core.actor import Actor
from apps.core.errors import Invalid, Refused
from apps.core.locks import transaction_lock
from apps.oracle.models import Source, SourceKind
from apps.oracle.rules.sources import ADAPTER, STALE_AFTER_SECONDS, SourceTerms, mistakes

SOURCES_MAX = 500
_FIELDS: Mapping[str, type] = {
    "chain_id": int,
    "token": str,
    "kind": str,
    "name": str,
    "address": str,
    "url": str,
    "price_path": str,
    "time_path": str,
    "stale_after_seconds": int,
}
_NEEDED = ("token", "kind", "name")


class BadSourcesFile(Invalid):
    """The file names no sources, or names them wrongly; the message says all that is wrong."""


class SourcesExist(Refused):
    """There are price sources already; more of them take a ticket."""


@transaction.atomic
def load_sources(*, path: Path, actor: Actor, at: datetime) -> int:
    """Take over the price sources of a file, all or none; return how many.

    Raises:
        BadSourcesFile, SourcesExist.
    """
    transaction_lock("oracle:load_sources")
    if Source.objects.exclude(kind=SourceKind.ADAPTER).exists():
        raise SourcesExist("There are price sources already; others are added by a ticket.")
    entries = _entries(path)
    wrong = [sentence for place, entry in entries for sentence in _mistakes(place, entry)]
    wrong += _named_twice(entries)
    if wrong:
        raise BadSourcesFile("\n".join(wrong))
    rows = [_row(entry, at) for _, entry in entries]
    for row in rows:
        row.save(force_insert=True)
    audit.record(
        actor=actor,
        action="LOAD_PRICE_SOURCES",
        object_type="price source",
        object_id=str(rows[0].chain_id),
        after={"sources": [f"{row.token}: {row.name} ({row.kind})" for row in rows]},
        level="HIGH",
        at=at,
    )
    return len(rows)


def _entries(path: Path) -> list[tuple[int, Mapping[str, Any]]]:
    """The file's sources with their places, counted from one."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadSourcesFile(f"{path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise BadSourcesFile(f"{path} is not TOML: {error}.") from error
    entries = document.get("sources")
    if not isinstance(entries, list) or not entries or set(document) != {"sources"}:
        raise BadSourcesFile(f"{path} holds [[sources]] tables, and nothing else.")
    if len(entries) > SOURCES_MAX:
        raise BadSourcesFile(f"{path} holds more than {SOURCES_MAX} sources.")
    return list(enumerate(entries, 1))


def _mistakes(place: int, entry: Any) -> list[str]:
    if not isinstance(entry, dict):
        return [f"Source {place} is not a table."]
    shape = [
        *(f"It has no {name}." for name in _NEEDED if name not in entry),
        *(f"“{name}” is nothing that a source has." for name in entry if name not in _FIELDS),
        *(
            f"“{name}” is {'text' if kind is str else 'a whole number'}."
            for name, kind in _FIELDS.items()
            if name in entry and type(entry[name]) is not kind
        ),
    ]
    found = shape or _meaning(entry)
    return [f"Source {place}: {sentence}" for sentence in found]


def _meaning(entry: Mapping[str, Any]) -> list[str]:
    fund_chain_id = chain.fund_chain().chain_id
    chain_id, token, name = _key(entry)
    found = mistakes(
        chain_id=chain_id,
        token=token,
        name=name,
        terms=_terms(entry),
        allow_http=settings.ORACLE_ALLOW_HTTP,
    )
    if chain_id != fund_chain_id:
        found.append(f"Prices are read on the fund's chain, {fund_chain_id}, only.")
    if entry["kind"] == ADAPTER:
        found.append("The fund's adapter is a source by itself and is not loaded.")
    return found


def _named_twice(entries: list[tuple[int, Mapping[str, Any]]]) -> list[str]:
    first: dict[tuple[int, str, str], int] = {}
    found = []
    for place, entry in entries:
        if not isinstance(entry, dict) or any(
            not isinstance(entry.get(name), str) for name in _NEEDED
        ):
            continue
        earlier = first.setdefault(_key(entry), place)
        if earlier != place:
            found.append(f"Source {place}: The token has a source of this name, {earlier}.")
    return found


def _key(entry: Mapping[str, Any]) -> tuple[int, str, str]:
    chain_id = entry.get("chain_id", chain.fund_chain().chain_id)
    return chain_id, entry["token"].strip().lower(), entry["name"].strip()


def _terms(entry: Mapping[str, Any]) -> SourceTerms:
    return SourceTerms(
        kind=entry["kind"],
        address=entry.get("address", "").strip().lower(),
        url=entry.get("url", "").strip(),
        price_path=entry.get("price_path", "").strip(),
        time_path=entry.get("time_path", "").strip(),
        stale_after_seconds=entry.get("stale_after_seconds", STALE_AFTER_SECONDS),
    )


def _row(entry: Mapping[str, Any], at: datetime) -> Source:
    chain_id, token, name = _key(entry)
    terms = _terms(entry)
    return Source(
        chain_id=chain_id,
        token=token,
        kind=terms.kind,
        name=name,
        address=terms.address,
        url=terms.url,
        price_path=terms.price_path,
        time_path=terms.time_path,
        stale_after_seconds=terms.stale_after_seconds,
        created_at=at,
    )
