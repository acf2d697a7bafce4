"""Words that facts and calls share, as the contracts number them."""

from enum import IntEnum


class Tier(IntEnum):
    """Liquidity tier."""

    L1 = 0
    L2 = 1
    L3 = 2


class Channel(IntEnum):
    """Redemption channel."""

    STANDARD = 0
    EMERGENCY = 1
    SCHEDULED = 2


class Method(IntEnum):
    """How the controller buys and sells an asset."""

    OTC = 0
    SWAP = 1
    AUTO = 2
