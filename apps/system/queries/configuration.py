"""What the system is set to: the fund's chain and the approval rules in force."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings

from apps.approvals import queries as approvals
from apps.chain import queries as chain


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """For staff; holds no secret and no address of a node."""

    environment: str
    version: str
    chain: chain.ChainConfig
    rules: list[Any]


def configuration() -> Configuration:
    """As of now."""
    return Configuration(
        environment=settings.ENVIRONMENT,
        version=settings.VERSION,
        chain=chain.fund_chain(),
        rules=list(approvals.active_rules()),
    )
