// SPDX-License-Identifier: UNLICENSED
pragma solidity 0.8.30;

import "../Errors.sol";
import {IFundVault} from "../Interfaces.sol";
import {RedemptionManager} from "../RedemptionManager.sol";
import {BPS, Channel, RedemptionRequest} from "../Types.sol";
import {FundVaultV2} from "./FundVaultV2.sol";
import {RedemptionVoucher} from "./RedemptionVoucher.sol";

/// @title The second generation of redemptions: dates, vouchers, liabilities by day.
/// @notice A keeper approves, with a date if need be; a late date mints a voucher, and then only the
/// voucher's owner can settle and is paid. Nobody can take a request back. What approval takes and
/// what it costs are parameters.
contract RedemptionManagerV2 is RedemptionManager {
    event VoucherMinted(uint256 indexed requestId, uint256 indexed tokenId, address indexed owner);
    event DailyLiabilityAdded(uint256 indexed dayIndex, uint256 amount);
    event LiabilityRemoved(uint256 indexed dayIndex, uint256 amount, bool wasOverdue);
    event SettlementWaterfallTriggered(uint256 indexed requestId, uint256 deficit, uint256 funded);
    event SettlementLiquidityInsufficient(
        uint256 indexed requestId,
        uint256 availableCash,
        uint256 payoutAmount
    );
    event BaseRedemptionFeeUpdated(uint256 oldFeeBps, uint256 newFeeBps);
    event EmergencyPenaltyFeeUpdated(uint256 oldFeeBps, uint256 newFeeBps);
    event VoucherThresholdUpdated(uint256 oldThreshold, uint256 newThreshold);
    event StandardApprovalAmountUpdated(uint256 oldAmount, uint256 newAmount);
    event StandardApprovalQuotaRatioUpdated(uint256 oldRatio, uint256 newRatio);
    event EmergencyApprovalAmountUpdated(uint256 oldAmount, uint256 newAmount);
    event EmergencyApprovalQuotaRatioUpdated(uint256 oldRatio, uint256 newRatio);

    bytes32 public constant KEEPER_ROLE = keccak256("KEEPER_ROLE");

    RedemptionVoucher public immutable redemptionVoucher;
    uint256 public baseRedemptionFeeBps = 100;
    uint256 public emergencyPenaltyFeeBps = 100;
    /// A settlement further away than this gets a voucher. Seconds.
    uint256 public voucherThreshold = 7 days;
    uint256 public standardApprovalAmount = 50_000e18;
    uint256 public standardApprovalQuotaRatio = 2_000; // of L1 + L2
    uint256 public emergencyApprovalAmount = 30_000e18;
    uint256 public emergencyApprovalQuotaRatio = 2_000; // of the emergency quota
    /// Open liabilities by the day they fall due, days since 1970. USDT.
    mapping(uint256 dayIndex => uint256 amount) public getDailyLiability;

    constructor(
        IFundVault vault_,
        address admin,
        RedemptionVoucher voucher
    ) RedemptionManager(vault_, admin) {
        redemptionVoucher = voucher;
    }

    // ---------------------------------------------------------------- holders and keepers

    /// @notice Always refused: a request ends by settlement or rejection.
    function cancelRedemption(uint256) external pure override {
        revert CancellationDisabled();
    }

    /// @notice Approves with a settlement time of the keeper's choice, not before the usual one.
    /// @param settlementTime Unix seconds; 0 for the usual one.
    function approveRedemptionWithDate(
        uint256 requestId,
        uint256 settlementTime
    ) external onlyRole(KEEPER_ROLE) {
        RedemptionRequest storage request = _pendingApproval(requestId);
        uint256 earliest = _settlementTime(request);
        if (settlementTime == 0) settlementTime = earliest;
        if (settlementTime < earliest) revert InvalidSettlementTime(settlementTime, earliest);
        _approve(request, settlementTime);
    }

    function approverRole() public pure override returns (bytes32) {
        return KEEPER_ROLE;
    }

    // ---------------------------------------------------------------- figures

    function redemptionFeeBps(uint256, Channel channel) public view override returns (uint256) {
        return baseRedemptionFeeBps + (channel == Channel.EMERGENCY ? emergencyPenaltyFeeBps : 0);
    }

    // ---------------------------------------------------------------- administration

    function setBaseRedemptionFee(uint256 feeBps) external onlyRole(ADMIN_ROLE) {
        emit BaseRedemptionFeeUpdated(baseRedemptionFeeBps, feeBps);
        baseRedemptionFeeBps = feeBps;
    }

    function setEmergencyPenaltyFee(uint256 feeBps) external onlyRole(ADMIN_ROLE) {
        emit EmergencyPenaltyFeeUpdated(emergencyPenaltyFeeBps, feeBps);
        emergencyPenaltyFeeBps = feeBps;
    }

    function setVoucherThreshold(uint256 threshold) external onlyRole(ADMIN_ROLE) {
        emit VoucherThresholdUpdated(voucherThreshold, threshold);
        voucherThreshold = threshold;
    }

    function setStandardApprovalAmount(uint256 amount) external onlyRole(ADMIN_ROLE) {
        emit StandardApprovalAmountUpdated(standardApprovalAmount, amount);
        standardApprovalAmount = amount;
    }

    function setStandardApprovalQuotaRatio(uint256 ratio) external onlyRole(ADMIN_ROLE) {
        emit StandardApprovalQuotaRatioUpdated(standardApprovalQuotaRatio, ratio);
        standardApprovalQuotaRatio = ratio;
    }

    function setEmergencyApprovalAmount(uint256 amount) external onlyRole(ADMIN_ROLE) {
        emit EmergencyApprovalAmountUpdated(emergencyApprovalAmount, amount);
        emergencyApprovalAmount = amount;
    }

    function setEmergencyApprovalQuotaRatio(uint256 ratio) external onlyRole(ADMIN_ROLE) {
        emit EmergencyApprovalQuotaRatioUpdated(emergencyApprovalQuotaRatio, ratio);
        emergencyApprovalQuotaRatio = ratio;
    }

    // ---------------------------------------------------------------- inner workings

    /// What waits for approval is set aside; the rest is locked, and falls due on its day.
    function _hold(RedemptionRequest storage request) internal override {
        if (request.channel == Channel.EMERGENCY) _vault().reduceEmergencyQuota(request.grossAmount);
        if (request.requiresApproval) {
            _vault().addPendingApprovalShares(request.owner, request.shares);
        } else {
            super._hold(request);
            _addLiability(request.settlementTime, request.grossAmount);
        }
    }

    function _giveBack(RedemptionRequest storage request) internal override {
        _vault().removePendingApprovalShares(request.owner, request.shares);
        if (request.channel == Channel.EMERGENCY) _vault().restoreEmergencyQuota(request.grossAmount);
    }

    function _approve(RedemptionRequest storage request, uint256 settlementTime) internal override {
        if (settlementTime - block.timestamp > voucherThreshold) {
            uint256 tokenId = redemptionVoucher.mint(request.owner, request.requestId);
            emit VoucherMinted(request.requestId, tokenId, request.owner);
        }
        _vault().convertPendingToLocked(request.owner, request.shares, request.grossAmount);
        _addLiability(settlementTime, request.grossAmount);
        super._approve(request, settlementTime);
    }

    /// A voucher pays its owner, who must be the one who settles, and is burned.
    function _takeOff(RedemptionRequest storage request) internal override returns (address payee) {
        payee = super._takeOff(request);
        uint256 tokenId = redemptionVoucher.tokenOf(request.requestId);
        if (tokenId != 0) {
            payee = redemptionVoucher.ownerOf(tokenId);
            if (msg.sender != payee) revert NotVoucherOwner(msg.sender, payee);
            redemptionVoucher.burn(tokenId);
        }
        _removeLiability(request.settlementTime, request.grossAmount);
    }

    function _sold(uint256 requestId, uint256 deficit, uint256 funded) internal override {
        emit SettlementWaterfallTriggered(requestId, deficit, funded);
    }

    function _passedOver(uint256 requestId, bytes memory reason) internal override {
        if (bytes4(reason) != InsufficientLiquidity.selector) return;
        uint256 available;
        uint256 required;
        assembly ("memory-safe") {
            available := mload(add(reason, 0x24))
            required := mload(add(reason, 0x44))
        }
        emit SettlementLiquidityInsufficient(requestId, available, required);
    }

    function _addLiability(uint256 settlementTime, uint256 amount) private {
        uint256 dayIndex = settlementTime / 1 days;
        getDailyLiability[dayIndex] += amount;
        emit DailyLiabilityAdded(dayIndex, amount);
    }

    function _removeLiability(uint256 settlementTime, uint256 amount) private {
        uint256 dayIndex = settlementTime / 1 days;
        getDailyLiability[dayIndex] -= amount;
        emit LiabilityRemoved(dayIndex, amount, dayIndex < block.timestamp / 1 days);
    }

    /// Scheduled requests follow the standard thresholds.
    function _needsApproval(uint256 gross, Channel channel) internal view override returns (bool) {
        if (channel == Channel.EMERGENCY) {
            uint256 quota = _vault().emergencyQuota();
            return gross > emergencyApprovalAmount || gross * BPS > quota * emergencyApprovalQuotaRatio;
        }
        uint256 liquid = vault.getAvailableLiquidity();
        return gross > standardApprovalAmount || gross * BPS > liquid * standardApprovalQuotaRatio;
    }

    function _vault() private view returns (FundVaultV2) {
        return FundVaultV2(address(vault));
    }
}
