"""What the OpenAPI document says of rebalancing beside its shapes: refusals, headers, examples."""

from typing import Any

from apps.approvals.api.schema import errors

READ = errors({403: "FORBIDDEN: your role does not show rebalancing", 404: "NOT_FOUND"})
PLANNED = errors(
    {
        400: "VALIDATION_ERROR: the ratios do not sum to one or leave a band",
        403: "FORBIDDEN: your role does not preview plans",
        409: "CONFLICT: nothing is to be done, with the reason",
        503: "SERVICE_UNAVAILABLE: the fund cannot be read, or a price is unknown",
    }
)
CHANGED = errors(
    {
        400: "VALIDATION_ERROR: a field, or the signature is no signature",
        403: "FORBIDDEN: not your role, no signature, or not your wallet's",
        404: "NOT_FOUND",
        409: "CONFLICT: expired or moved (preview again), another plan is open, or too late",
    }
)
SIGNED = "Sign the EIP-712 Operation of this request with the registered wallet."
STATE = {
    "l1Ratio": "0.0600",
    "l2Ratio": "0.3000",
    "l3Ratio": "0.6400",
    "l1Value": "120000.00",
    "l2Value": "600000.00",
    "l3Value": "1280000.00",
}
ACTION = {
    "position": 1,
    "type": "REDEEM",
    "priority": 1,
    "fromLayer": "L2",
    "toLayer": "L1",
    "asset": "MMF",
    "amount": "80000000000000000000000",
    "method": "AUTO",
    "estimatedSlippage": "0.0010",
    "estimatedGasCost": "240000000000000000",
    "dependsOn": [],
    "reason": "Refill L1 from L2",
}
PLAN: dict[str, Any] = {
    "planId": "104",
    "trigger": "LIQUIDITY",
    "reason": "L1 is 6.00 % of assets, below 8.00 %",
    "aim": "LIQUIDITY",
    "status": "PENDING_APPROVAL",
    "totalAmount": "80000000000000000000000",
    "estimatedSlippage": "80000000000000000000",
    "estimatedGasCost": "240000000000000000",
    "requestedBy": "clock",
    "createdAt": "2026-03-02T12:00:00Z",
    "executedAt": None,
    "finishedAt": None,
    "outcome": "",
    "requiresApproval": True,
    "approvalReason": "80,000.00 USDT are at least the 50,000.00 USDT from which people decide.",
    "approvalTicketId": "12",
}
