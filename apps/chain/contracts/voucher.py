"""The voucher (ERC-721, v2): its owner may settle the redemption it stands for, and is paid."""

from apps.chain import events
from apps.chain.contracts import common
from apps.chain.contracts.common import Builder

FACTS: dict[str, dict[str, Builder]] = {
    "v2": {
        **common.FACTS,
        "Transfer": lambda source, args, _values: events.VoucherTransferred(
            source=source,
            token_id=int(args["tokenId"]),
            sender=args["from"],
            recipient=args["to"],
        ),
    },
}
IGNORED: dict[str, frozenset[str]] = {"v2": common.IGNORED | {"Approval", "ApprovalForAll"}}
CRITICAL: frozenset[str] = frozenset()
