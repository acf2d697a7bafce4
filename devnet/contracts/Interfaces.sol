// SPDX-License-Identifier: UNLICENSED
pragma solidity 0.8.30;

import {Tier} from "./Types.sol";

interface IOracleAdapter {
    /// @return price USDT per whole token, 18 decimals.
    function getPrice(address token) external view returns (uint256 price);
}

/// A counterparty that swaps USDT against fund assets: takes from the caller, pays the recipient.
interface ITradingVenue {
    function buy(address token, uint256 usdtAmount, address recipient) external returns (uint256 tokens);

    function sell(address token, uint256 tokenAmount, address recipient) external returns (uint256 usdtPaid);
}

interface IRedemptionScheduler {
    /// @return windowId The first window that opens at or after `notBefore`.
    /// @return opensAt Unix seconds.
    function nextWindow(uint256 notBefore) external view returns (uint256 windowId, uint256 opensAt);

    function windowOpensAt(uint256 windowId) external view returns (uint256 opensAt);
}

/// What an asset does with income it has earned: pays it as more of itself.
interface IYieldToken {
    /// @return tokens Newly issued to `holder`, token base units.
    function claimYield(address holder) external returns (uint256 tokens);
}

interface IAssetController {
    /// @return USDT value of everything held but cash; may be up to five minutes old.
    function assetValue() external view returns (uint256);

    /// @return USDT value of the tier's tokens, without cash.
    function tokenValue(Tier tier) external view returns (uint256);

    function refreshCache() external;

    function executeWaterfallLiquidation(uint256 amountNeeded, Tier maxTier) external returns (uint256 funded);
}

interface IFundVault {
    function asset() external view returns (address);

    function totalAssets() external view returns (uint256);

    function grossAssets() external view returns (uint256);

    function sharePrice() external view returns (uint256);

    function availableCash() external view returns (uint256);

    function availableShares(address owner) external view returns (uint256);

    function getAvailableLiquidity() external view returns (uint256);

    function getLiquidityBreakdown() external view returns (uint256, uint256, uint256, uint256);

    function withdrawableRedemptionFees() external view returns (uint256);

    function totalRedemptionFees() external view returns (uint256);

    function emergencyMode() external view returns (bool);

    function lockShares(address owner, uint256 shares, uint256 grossAmount) external;

    function unlockShares(address owner, uint256 shares, uint256 grossAmount) external;

    function settleShares(
        address owner,
        address receiver,
        uint256 shares,
        uint256 grossAmount,
        uint256 fee
    ) external;

    function transferAsset(address token, address to, uint256 amount) external;

    function reduceRedemptionFee(uint256 amount) external;
}
