"""The fund by our rows, and by the chain, at the final block: for checking one by the other."""

import time
from typing import Any

from apps.chain import queries as chain
from apps.core.locks import one_snapshot
from apps.fund import queries as fund
from apps.redemptions import queries as redemptions

APPLIED_SECONDS_MAX = 10.0
_POLL_SECONDS = 0.1


def state() -> dict[str, Any]:
    """Redemptions and balances from our rows, the vault's summary from the chain; amounts as text.

    The rows are one consistent reading, taken when everything final is applied.

    Raises:
        chain.ChainUnavailable: no node answers, nothing is final yet, or what is final is not
            applied in time.
    """
    config = chain.fund_chain()
    block, rows = _consistent_rows(config.chain_id)
    vault = chain.read_vault_state(block)
    return {
        "chainId": config.chain_id,
        "block": {
            "number": block.number,
            "hash": block.hash,
            "time": int(block.time.timestamp()),
        },
        **rows,
        "vault": {
            "totalAssets": str(vault.total_assets),
            "totalSupply": str(vault.total_supply),
            "sharePrice": str(vault.share_price),
            "layer1Liquidity": str(vault.layer1_liquidity),
            "layer2Liquidity": str(vault.layer2_liquidity),
            "layer3Value": str(vault.layer3_value),
            "totalRedemptionLiability": str(vault.total_redemption_liability),
            "totalLockedShares": str(vault.total_locked_shares),
            "emergencyMode": vault.emergency_mode,
        },
    }


def _consistent_rows(chain_id: int) -> tuple[chain.BlockRef, dict[str, Any]]:
    deadline = time.monotonic() + APPLIED_SECONDS_MAX
    while True:
        with one_snapshot():
            block = chain.final_block(chain_id)
            if block is None:
                raise chain.ChainUnavailable("There is no final block yet.")
            if chain.is_applied(chain_id):
                return block, {
                    "redemptions": [_redemption(row) for row in redemptions.every()],
                    "holders": [
                        {"address": address, "balance": str(shares)}
                        for address, shares in fund.balances().items()
                    ],
                }
        if time.monotonic() > deadline:
            raise chain.ChainUnavailable(
                f"Events up to block {block.number} are final and not applied: is the listener up?"
            )
        time.sleep(_POLL_SECONDS)


def _redemption(row: Any) -> dict[str, Any]:
    return {
        "requestId": str(row.request_id),
        "status": row.status,
        "channel": row.channel,
        "owner": row.owner,
        "receiver": row.receiver,
        "shares": str(row.shares),
        "grossAmount": str(row.gross_assets),
        "lockedNav": str(row.locked_nav_per_share),
        "estimatedFee": str(row.estimated_fee_assets),
        "requiresApproval": row.requires_approval,
        "windowId": str(row.window_id),
        "requestTime": _seconds(row.requested_at),
        "settlementTime": _seconds(row.settles_at),
        "fee": _text(row.fee_assets),
        "netAmount": _text(row.net_assets),
        "txHash": row.tx_hash,
    }


def _seconds(instant: Any) -> int | None:
    return None if instant is None else int(instant.timestamp())


def _text(amount: int | None) -> str | None:
    return None if amount is None else str(amount)
