// SPDX-License-Identifier: UNLICENSED
pragma solidity 0.8.30;

/// Liquidity tier of an asset: L1 cash, L2 money market, L3 high yield.
enum Tier {
    L1_CASH,
    L2_MONEY_MARKET,
    L3_HIGH_YIELD
}

/// How a redemption settles: after seven days, after one day, or at a quarterly window.
enum Channel {
    STANDARD,
    EMERGENCY,
    SCHEDULED
}

/// Life of a redemption request. A rejected request ends as CANCELLED.
enum Status {
    PENDING,
    PENDING_APPROVAL,
    APPROVED,
    SETTLED,
    CANCELLED
}

/// Where a purchase is routed: the OTC desk, the swap helper, or the asset's own adapter.
enum Method {
    OTC,
    SWAP,
    AUTO
}

/// One redemption request. Shares and USDT in 18-decimal base units, times in Unix seconds.
struct RedemptionRequest {
    uint256 requestId;
    address owner;
    address receiver;
    uint256 shares;
    uint256 grossAmount; // USDT with the fee still inside
    uint256 lockedNav; // USDT per share at the time of the request, 1e18 fixed point
    uint256 estimatedFee; // USDT; the fee is computed again at settlement
    uint256 requestTime;
    uint256 settlementTime; // 0 until approved, when an approval is needed
    Status status;
    Channel channel;
    bool requiresApproval;
    uint256 windowId; // 0 unless SCHEDULED
}

/// One asset the fund may hold.
struct AssetConfig {
    address tokenAddress;
    Tier tier;
    uint256 targetAllocation; // share of its tier, basis points
    bool isActive;
    address purchaseAdapter; // venue of Method.AUTO
    uint8 decimals;
    Method purchaseMethod;
    uint256 maxSlippage; // basis points
    uint256 minPurchaseAmount; // USDT base units
    uint256 subscriptionStart; // Unix seconds; 0 = no lower bound
    uint256 subscriptionEnd; // Unix seconds, exclusive; 0 = no upper bound
}

/// Target and band of a tier, basis points of gross assets.
struct LayerConfig {
    uint256 targetRatio;
    uint256 minRatio;
    uint256 maxRatio;
}

uint256 constant BPS = 10_000;
uint256 constant ONE = 1e18;
bytes32 constant ADMIN = keccak256("ADMIN_ROLE");
