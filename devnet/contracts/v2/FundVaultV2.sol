// SPDX-License-Identifier: UNLICENSED
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import "../Errors.sol";
import {FundVault} from "../FundVault.sol";
import {BPS} from "../Types.sol";

/// @title The second generation of the vault: shares of a request leave their owner's balance.
/// @notice The vault's own account holds shares that wait for approval or are locked. A request that
/// waits for approval is no liability yet. A subscription emits ERC-4626's Deposit and nothing else.
contract FundVaultV2 is FundVault {
    event EmergencyQuotaRefreshed(uint256 amount);
    event EmergencyQuotaRestored(uint256 amount);
    event LockedMintAssetsReset(uint256 oldAmount);
    event StandardQuotaRatioUpdated(uint256 oldRatio, uint256 newRatio);
    event PendingApprovalSharesAdded(address indexed owner, uint256 shares);
    event PendingApprovalSharesRemoved(address indexed owner, uint256 shares);
    event PendingApprovalSharesConverted(address indexed owner, uint256 shares);
    event RedemptionManagerUpdated(address indexed oldManager, address indexed newManager);

    address public redemptionManager;
    /// What emergency requests may still take. USDT.
    uint256 public emergencyQuota;
    /// Subscribed since the last reset. USDT.
    uint256 public lockedMintAssets;
    uint256 public standardQuotaRatio = 7_000;
    mapping(address owner => uint256 shares) public pendingApprovalShares;

    constructor(IERC20 usdt, address admin) FundVault(usdt, admin) {}

    // ---------------------------------------------------------------- redemption manager

    function addPendingApprovalShares(address owner, uint256 shares) external onlyOperator {
        _transfer(owner, address(this), shares);
        pendingApprovalShares[owner] += shares;
        emit PendingApprovalSharesAdded(owner, shares);
    }

    function removePendingApprovalShares(address owner, uint256 shares) external onlyOperator {
        pendingApprovalShares[owner] -= shares;
        _transfer(address(this), owner, shares);
        emit PendingApprovalSharesRemoved(owner, shares);
    }

    /// @notice Approved: from now on the shares are locked and `grossAmount` is a liability.
    function convertPendingToLocked(address owner, uint256 shares, uint256 grossAmount) external onlyOperator {
        pendingApprovalShares[owner] -= shares;
        emit PendingApprovalSharesConverted(owner, shares);
        super._lock(owner, shares, grossAmount);
    }

    /// @notice An emergency request uses up some of the quota, without a word.
    function reduceEmergencyQuota(uint256 amount) external onlyOperator {
        if (amount > emergencyQuota) revert EmergencyQuotaExceeded(emergencyQuota, amount);
        emergencyQuota -= amount;
    }

    function restoreEmergencyQuota(uint256 amount) external onlyOperator {
        emergencyQuota += amount;
        emit EmergencyQuotaRestored(amount);
    }

    // ---------------------------------------------------------------- administration

    function refreshEmergencyQuota(uint256 amount) external onlyRole(ADMIN_ROLE) {
        emergencyQuota = amount;
        emit EmergencyQuotaRefreshed(amount);
    }

    function resetLockedMintAssets() external onlyRole(ADMIN_ROLE) {
        emit LockedMintAssetsReset(lockedMintAssets);
        lockedMintAssets = 0;
    }

    function setStandardQuotaRatio(uint256 ratio) external onlyRole(ADMIN_ROLE) {
        if (ratio > BPS) revert InvalidAllocation(ratio);
        emit StandardQuotaRatioUpdated(standardQuotaRatio, ratio);
        standardQuotaRatio = ratio;
    }

    function setRedemptionManager(address manager) external onlyRole(ADMIN_ROLE) {
        emit RedemptionManagerUpdated(redemptionManager, manager);
        redemptionManager = manager;
    }

    // ---------------------------------------------------------------- inner workings

    function _lock(address owner, uint256 shares, uint256 grossAmount) internal override {
        _transfer(owner, address(this), shares);
        super._lock(owner, shares, grossAmount);
    }

    function _burnLocked(address, uint256 shares) internal override {
        _burn(address(this), shares);
    }

    function _lockedInBalance(address) internal pure override returns (uint256) {
        return 0;
    }

    function _deposited(address, address, uint256 assets, uint256) internal override {
        lockedMintAssets += assets;
    }
}
