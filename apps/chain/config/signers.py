"""The signers of a chain file: which account, how its key is reached, what it may do."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from apps.chain.calls import CALLS, SAFE_REJECTION
from apps.chain.config.kinds import (
    CALLS_PER_DAY,
    HOT_LIMITS,
    WARM_LIMITS,
    BadChainFile,
    KeystoreKey,
    KmsKey,
    KmsPlace,
    Pkcs11Key,
    SafeWallet,
    SignerConfig,
    SignerTier,
)
from apps.chain.config.tables import address, number, refuse_unknown, tables, text

Key = KeystoreKey | KmsKey | Pkcs11Key | SafeWallet


def parse_signers(table: dict[str, Any], where: str, path: Path) -> tuple[SignerConfig, ...]:
    """Every signer of a chain.

    Raises:
        BadChainFile: a signer cannot be meant, two share a name or an address, or a Safe's executor
            is no key of this chain.
    """
    signers = tuple(_signer(item, where, path) for item in tables(table, "signers", where))
    names = [signer.name for signer in signers]
    if len(set(names)) != len(names) or len({s.address for s in signers}) != len(signers):
        raise BadChainFile(f"{where}: two signers have the same name or address.")
    keys = {signer.name for signer in signers if signer.tier is SignerTier.HOT}
    for signer in signers:
        if isinstance(signer.key, SafeWallet) and signer.key.executor not in keys:
            raise BadChainFile(
                f"{where}, signer {signer.name}: executor {signer.key.executor!r} is no key here."
            )
    return signers


def _signer(table: dict[str, Any], where: str, path: Path) -> SignerConfig:
    name = str(table.get("name", "operations"))
    where = f"{where}, signer {name}"
    kind = table.get("type", "keystore")
    if not isinstance(kind, str) or kind not in _KEYS:
        raise BadChainFile(f"{where}: type {kind!r} is none of {', '.join(_KEYS)}.")
    key = _KEYS[kind](table, where, path)
    limits = WARM_LIMITS if isinstance(key, SafeWallet) else HOT_LIMITS
    allowed = table.get("allow", [])
    if not isinstance(allowed, list) or not all(isinstance(item, str) for item in allowed):
        raise BadChainFile(f"{where}: allow must be a list of kinds of calls.")
    for kind_of_call in allowed:
        if kind_of_call not in CALLS and kind_of_call != SAFE_REJECTION:
            raise BadChainFile(f"{where}: allow names {kind_of_call!r}, which is no kind of call.")
    if "allow" in table and not allowed:
        raise BadChainFile(f"{where}: allow names no kind of call; leave it out to allow all.")
    refuse_unknown(table, _SETTINGS | _KEY_SETTINGS[kind], where)
    return SignerConfig(
        name=name,
        address=address(table, where),
        key=key,
        allowed=frozenset(allowed),
        per_transaction_units=number(table, "per_transaction", where, limits[0]),
        per_day_units=number(table, "per_day", where, limits[1]),
        calls_per_day=number(table, "calls_per_day", where, CALLS_PER_DAY),
    )


def _keystore(table: dict[str, Any], where: str, path: Path) -> KeystoreKey:
    if not table.get("keystore") or not table.get("password_env"):
        raise BadChainFile(f"{where}: keystore and password_env must be given.")
    return KeystoreKey(
        keystore=path.parent / text(table, "keystore", where),
        password_env=text(table, "password_env", where),
    )


def _kms(table: dict[str, Any], where: str, _path: Path) -> KmsKey:
    found = table.get("kms_keys", [])
    if not isinstance(found, list) or not found or not all(isinstance(i, dict) for i in found):
        raise BadChainFile(
            f'{where}: kms_keys must be a list like [{{ region = "…", key_id = "…" }}].'
        )
    for item in found:
        refuse_unknown(item, {"region", "key_id", "endpoint_url"}, where)
    places = tuple(_kms_place(item, where) for item in found)
    if len({place.region for place in places}) != len(places):
        raise BadChainFile(f"{where}: kms_keys names a region twice.")
    return KmsKey(places=places)


def _kms_place(table: dict[str, Any], where: str) -> KmsPlace:
    endpoint_url = table.get("endpoint_url", "")
    if endpoint_url and not str(endpoint_url).startswith(("http://", "https://")):
        raise BadChainFile(f"{where}: endpoint_url must be an http(s) URL.")
    return KmsPlace(
        region=text(table, "region", where),
        key_id=text(table, "key_id", where),
        endpoint_url=str(endpoint_url),
    )


def _pkcs11(table: dict[str, Any], where: str, path: Path) -> Pkcs11Key:
    return Pkcs11Key(
        module=path.parent / text(table, "module", where),
        token=text(table, "token", where),
        key=text(table, "key", where),
        pin_env=text(table, "pin_env", where),
    )


def _safe(table: dict[str, Any], where: str, _path: Path) -> SafeWallet:
    return SafeWallet(executor=text(table, "executor", where))


_KEYS: dict[str, Callable[[dict[str, Any], str, Path], Key]] = {
    "keystore": _keystore,
    "kms": _kms,
    "pkcs11": _pkcs11,
    "safe": _safe,
}
_SETTINGS = frozenset(
    {"name", "type", "address", "allow", "per_transaction", "per_day", "calls_per_day"}
)
_KEY_SETTINGS = {
    "keystore": {"keystore", "password_env"},
    "kms": {"kms_keys"},
    "pkcs11": {"module", "token", "key", "pin_env"},
    "safe": {"executor"},
}
