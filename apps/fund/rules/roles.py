"""Names of on-chain roles: AccessControl knows only hashes."""

from functools import cache

from eth_utils.crypto import keccak

NAMES = (
    "ADMIN_ROLE",
    "OPERATOR_ROLE",
    "REBALANCER_ROLE",
    "VIP_APPROVER_ROLE",
    "KEEPER_ROLE",
    "PAUSER_ROLE",
    "UPGRADER_ROLE",
    "MINTER_ROLE",
    "ISSUER_ROLE",
)
DEFAULT_ADMIN_ROLE = "0x" + "00" * 32


def role_name(role: str) -> str | None:
    """The name whose keccak-256 is ``role``; None when it is none of ours."""
    return _names().get(role.lower())


def role_hash(name: str) -> str:
    """The 32-byte hash by which contracts know a role."""
    return DEFAULT_ADMIN_ROLE if name == "DEFAULT_ADMIN_ROLE" else "0x" + keccak(text=name).hex()


@cache
def _names() -> dict[str, str]:
    return {role_hash(name): name for name in ("DEFAULT_ADMIN_ROLE", *NAMES)}
