// SPDX-License-Identifier: UNLICENSED
pragma solidity 0.8.30;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {EnumerableSet} from "@openzeppelin/contracts/utils/structs/EnumerableSet.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";

import "./Errors.sol";
import {IAssetController, IFundVault, IRedemptionScheduler} from "./Interfaces.sol";
import {ADMIN, BPS, Channel, ONE, RedemptionRequest, Status, Tier} from "./Types.sol";

/// @title Redemption requests: from the lock on shares to the payout.
/// @notice A request fixes the NAV it will be paid at. Large requests wait for an approver, very
/// large ones for a quarterly window. Amounts are 18-decimal base units of USDT or shares; the gross
/// amount is rounded down, the fee up. Ratios are basis points of gross assets, rounded down.
contract RedemptionManager is AccessControl, Pausable {
    using EnumerableSet for EnumerableSet.UintSet;

    event RedemptionRequested(
        uint256 indexed requestId,
        address indexed owner,
        address receiver,
        uint256 shares,
        uint256 lockedAmount,
        uint256 estimatedFee,
        Channel channel,
        bool requiresApproval,
        uint256 settlementTime,
        uint256 windowId
    );
    event RedemptionApproved(uint256 indexed requestId, address indexed approver, uint256 settlementTime);
    event RedemptionRejected(uint256 indexed requestId, address indexed rejector, string reason);
    event RedemptionCancelled(uint256 indexed requestId, address indexed owner);
    event RedemptionSettled(
        uint256 indexed requestId,
        address indexed owner,
        address receiver,
        uint256 grossAmount,
        uint256 fee,
        uint256 netAmount,
        Channel channel
    );
    event LowLiquidityAlert(uint256 currentRatio, uint256 threshold, uint256 available, uint256 total);
    event CriticalLiquidityAlert(uint256 currentRatio, uint256 threshold, uint256 available);
    event AssetSchedulerUpdated(address indexed oldScheduler, address indexed newScheduler);
    event AssetControllerUpdated(address indexed oldController, address indexed newController);

    bytes32 public constant ADMIN_ROLE = ADMIN;
    bytes32 public constant VIP_APPROVER_ROLE = keccak256("VIP_APPROVER_ROLE");

    uint256 public constant STANDARD_DELAY = 7 days;
    uint256 public constant EMERGENCY_DELAY = 1 days;
    uint256 public constant SCHEDULED_NOTICE = 15 days;
    uint256 public constant SCHEDULED_FROM_BPS = 200; // of total assets
    uint256 public constant STANDARD_APPROVAL_AMOUNT = 100_000e18;
    uint256 public constant STANDARD_APPROVAL_BPS = 500; // of L1 + L2
    uint256 public constant EMERGENCY_APPROVAL_AMOUNT = 30_000e18;
    uint256 public constant EMERGENCY_APPROVAL_BPS = 1_000; // of L1
    uint256 public constant LOW_LIQUIDITY_BPS = 1_500;
    uint256 public constant CRITICAL_LIQUIDITY_BPS = 1_000;
    uint256 public constant ALERT_INTERVAL = 1 hours;

    IFundVault public immutable vault;
    IAssetController public assetController;
    IRedemptionScheduler public assetScheduler;
    uint256 public lastAlertTime;
    uint256 public getRequestCount;
    uint256 public getTotalPendingApprovalAmount;

    mapping(uint256 requestId => RedemptionRequest) internal _requests;
    EnumerableSet.UintSet private _pendingApprovals;
    EnumerableSet.UintSet private _settleable;

    constructor(IFundVault vault_, address admin) {
        vault = vault_;
        _grantRole(DEFAULT_ADMIN_ROLE, admin);
        _grantRole(ADMIN_ROLE, admin);
    }

    // ---------------------------------------------------------------- holders

    /// @notice Asks for redemption in seven days; from 2 % of total assets on, at the next window.
    function requestRedemption(uint256 shares, address receiver) external whenNotPaused returns (uint256) {
        uint256 gross = _grossAmount(shares);
        uint256 requestId;
        if (gross >= (vault.totalAssets() * SCHEDULED_FROM_BPS) / BPS) {
            requestId = _requestScheduled(shares, receiver, 0);
        } else {
            requestId = _request(shares, receiver, Channel.STANDARD, block.timestamp + STANDARD_DELAY, 0);
        }
        _alertOnLiquidity();
        return requestId;
    }

    /// @notice Asks for redemption in one day, at a higher fee; only in emergency mode.
    function requestEmergencyRedemption(uint256 shares, address receiver) external returns (uint256) {
        if (!vault.emergencyMode()) revert EmergencyModeNotActive();
        return _request(shares, receiver, Channel.EMERGENCY, block.timestamp + EMERGENCY_DELAY, 0);
    }

    /// @notice Asks for redemption at a quarterly window; one less than 15 days away becomes the next.
    /// @param windowId 0 for the first possible window.
    function requestScheduledRedemption(
        uint256 shares,
        address receiver,
        uint256 windowId
    ) external returns (uint256) {
        return _requestScheduled(shares, receiver, windowId);
    }

    /// @notice Takes back a request that still waits for approval.
    function cancelRedemption(uint256 requestId) external virtual {
        RedemptionRequest storage request = _existing(requestId);
        if (request.owner != msg.sender) revert NotRequestOwner();
        if (request.status != Status.PENDING_APPROVAL) revert InvalidRequestStatus(requestId);
        _drop(request);
        emit RedemptionCancelled(requestId, msg.sender);
    }

    // ---------------------------------------------------------------- approvers

    /// @notice Starts the waiting time: now + 7 days or + 1 day, or the window of a scheduled request.
    function approveRedemption(uint256 requestId) external onlyRole(approverRole()) {
        RedemptionRequest storage request = _pendingApproval(requestId);
        _approve(request, _settlementTime(request));
    }

    function rejectRedemption(uint256 requestId, string calldata reason) external onlyRole(approverRole()) {
        _drop(_pendingApproval(requestId));
        emit RedemptionRejected(requestId, msg.sender, reason);
    }

    // ---------------------------------------------------------------- settlement, open to everyone

    /// @notice Pays a due standard or emergency request, selling L1 and L2 assets if cash is short.
    function settleRedemption(uint256 requestId) external {
        if (_existing(requestId).channel == Channel.SCHEDULED) revert WrongChannel(requestId);
        _settle(requestId);
    }

    /// @notice Pays a due scheduled request.
    function settleScheduledRedemption(uint256 requestId) external {
        if (_existing(requestId).channel != Channel.SCHEDULED) revert WrongChannel(requestId);
        _settle(requestId);
    }

    /// @notice Tries up to `maxCount` due requests; one that fails is passed over in silence.
    /// @return settled How many were paid.
    function batchSettleRedemptions(uint256 maxCount) external returns (uint256 settled) {
        uint256[] memory ids = _settleable.values();
        uint256 tried;
        for (uint256 i; i < ids.length && tried < maxCount; ++i) {
            RedemptionRequest storage request = _requests[ids[i]];
            if (block.timestamp < request.settlementTime) continue;
            ++tried;
            if (request.channel == Channel.SCHEDULED) {
                try this.settleScheduledRedemption(ids[i]) {
                    ++settled;
                } catch (bytes memory reason) {
                    _passedOver(ids[i], reason);
                }
            } else {
                try this.settleRedemption(ids[i]) {
                    ++settled;
                } catch (bytes memory reason) {
                    _passedOver(ids[i], reason);
                }
            }
        }
    }

    // ---------------------------------------------------------------- figures

    function getRedemptionRequest(uint256 requestId) external view returns (RedemptionRequest memory) {
        return _existing(requestId);
    }

    function getPendingApprovals() external view returns (uint256[] memory) {
        return _pendingApprovals.values();
    }

    /// @notice Who may approve and reject.
    function approverRole() public pure virtual returns (bytes32) {
        return VIP_APPROVER_ROLE;
    }

    /// @notice The fee on `gross` at today's liquidity: 10 bp, more for size and thin liquidity, at
    /// most 50 bp; the emergency channel adds 100 bp.
    function redemptionFeeBps(uint256 gross, Channel channel) public view virtual returns (uint256 feeBps) {
        feeBps = 10;
        if (gross > 50_000e18) feeBps += 20;
        if (gross > 100_000e18) feeBps += 20;
        (uint256 ratio, , ) = _liquidity();
        if (ratio < 1_500) feeBps += 30;
        else if (ratio < 2_000) feeBps += 15;
        feeBps = Math.min(feeBps, 50);
        if (channel == Channel.EMERGENCY) feeBps += 100;
    }

    // ---------------------------------------------------------------- administration

    function setAssetScheduler(IRedemptionScheduler scheduler) external onlyRole(ADMIN_ROLE) {
        emit AssetSchedulerUpdated(address(assetScheduler), address(scheduler));
        assetScheduler = scheduler;
    }

    function setAssetController(IAssetController controller) external onlyRole(ADMIN_ROLE) {
        if (address(controller) == address(0)) revert ZeroAddress();
        emit AssetControllerUpdated(address(assetController), address(controller));
        assetController = controller;
    }

    /// @notice Stops new standard requests and nothing else.
    function pause() external onlyRole(ADMIN_ROLE) {
        _pause();
    }

    function unpause() external onlyRole(ADMIN_ROLE) {
        _unpause();
    }

    // ---------------------------------------------------------------- inner workings

    function _requestScheduled(uint256 shares, address receiver, uint256 wanted) private returns (uint256) {
        if (address(assetScheduler) == address(0)) revert SchedulerNotConfigured();
        uint256 earliest = block.timestamp + SCHEDULED_NOTICE;
        if (wanted != 0) earliest = Math.max(earliest, assetScheduler.windowOpensAt(wanted));
        (uint256 windowId, uint256 opensAt) = assetScheduler.nextWindow(earliest);
        return _request(shares, receiver, Channel.SCHEDULED, opensAt, windowId);
    }

    function _request(
        uint256 shares,
        address receiver,
        Channel channel,
        uint256 settlementTime,
        uint256 windowId
    ) private returns (uint256 requestId) {
        uint256 gross = _grossAmount(shares);
        if (gross == 0) revert ZeroAmount();
        if (receiver == address(0)) revert ZeroAddress();
        uint256 available = vault.availableShares(msg.sender);
        if (shares > available) revert InsufficientShares(available, shares);

        requestId = ++getRequestCount;
        RedemptionRequest storage request = _requests[requestId];
        request.requestId = requestId;
        request.owner = msg.sender;
        request.receiver = receiver;
        request.shares = shares;
        request.grossAmount = gross;
        request.lockedNav = vault.sharePrice();
        request.estimatedFee = _fee(gross, channel);
        request.requestTime = block.timestamp;
        request.channel = channel;
        request.windowId = windowId;
        if (_needsApproval(gross, channel)) {
            request.requiresApproval = true;
            request.status = Status.PENDING_APPROVAL;
            _pendingApprovals.add(requestId);
            getTotalPendingApprovalAmount += gross;
        } else {
            request.settlementTime = settlementTime;
            _settleable.add(requestId);
        }
        _hold(request);
        _announce(request);
    }

    /// Takes the shares of a new request out of its owner's hands.
    function _hold(RedemptionRequest storage request) internal virtual {
        vault.lockShares(request.owner, request.shares, request.grossAmount);
    }

    /// Gives the shares of a request back that was not approved.
    function _giveBack(RedemptionRequest storage request) internal virtual {
        vault.unlockShares(request.owner, request.shares, request.grossAmount);
    }

    function _approve(RedemptionRequest storage request, uint256 settlementTime) internal virtual {
        _forgetPendingApproval(request);
        request.status = Status.APPROVED;
        request.settlementTime = settlementTime;
        _settleable.add(request.requestId);
        emit RedemptionApproved(request.requestId, msg.sender, settlementTime);
    }

    function _announce(RedemptionRequest memory request) private {
        emit RedemptionRequested(
            request.requestId,
            request.owner,
            request.receiver,
            request.shares,
            request.grossAmount,
            request.estimatedFee,
            request.channel,
            request.requiresApproval,
            request.settlementTime,
            request.windowId
        );
    }

    function _settle(uint256 requestId) private {
        RedemptionRequest storage request = _requests[requestId];
        if (request.status != Status.PENDING && request.status != Status.APPROVED) {
            revert InvalidRequestStatus(requestId);
        }
        if (block.timestamp < request.settlementTime) {
            revert SettlementTimeNotReached(request.settlementTime, block.timestamp);
        }
        uint256 fee = _fee(request.grossAmount, request.channel);
        uint256 net = request.grossAmount - fee;
        request.status = Status.SETTLED;
        _settleable.remove(requestId);
        _raiseCash(requestId, net);
        address payee = _takeOff(request);
        vault.settleShares(request.owner, payee, request.shares, request.grossAmount, fee);
        emit RedemptionSettled(
            requestId,
            request.owner,
            payee,
            request.grossAmount,
            fee,
            net,
            request.channel
        );
    }

    /// Takes a request off the books at settlement; answers whom it pays.
    function _takeOff(RedemptionRequest storage request) internal virtual returns (address) {
        return request.receiver;
    }

    function _raiseCash(uint256 requestId, uint256 needed) private {
        uint256 cash = vault.availableCash();
        if (cash >= needed) return;
        if (address(assetController) != address(0)) {
            uint256 deficit = needed - cash;
            uint256 funded = assetController.executeWaterfallLiquidation(deficit, Tier.L2_MONEY_MARKET);
            _sold(requestId, deficit, funded);
            cash = vault.availableCash();
        }
        if (cash < needed) revert InsufficientLiquidity(cash, needed);
    }

    /// A settlement sold assets to raise cash.
    function _sold(uint256 requestId, uint256 deficit, uint256 funded) internal virtual {}

    /// A batch could not pay a request.
    function _passedOver(uint256 requestId, bytes memory reason) internal virtual {}

    /// Ends a request that waits for approval and gives the shares back.
    function _drop(RedemptionRequest storage request) private {
        _forgetPendingApproval(request);
        request.status = Status.CANCELLED;
        _giveBack(request);
    }

    function _forgetPendingApproval(RedemptionRequest storage request) private {
        _pendingApprovals.remove(request.requestId);
        getTotalPendingApprovalAmount -= request.grossAmount;
    }

    /// Below the critical ratio only the critical alert; together at most one alert an hour.
    function _alertOnLiquidity() private {
        if (lastAlertTime != 0 && block.timestamp < lastAlertTime + ALERT_INTERVAL) return;
        (uint256 ratio, uint256 available, uint256 total) = _liquidity();
        if (ratio < CRITICAL_LIQUIDITY_BPS) {
            emit CriticalLiquidityAlert(ratio, CRITICAL_LIQUIDITY_BPS, available);
        } else if (ratio < LOW_LIQUIDITY_BPS) {
            emit LowLiquidityAlert(ratio, LOW_LIQUIDITY_BPS, available, total);
        } else {
            return;
        }
        lastAlertTime = block.timestamp;
    }

    function _existing(uint256 requestId) private view returns (RedemptionRequest storage request) {
        request = _requests[requestId];
        if (request.owner == address(0)) revert RequestNotFound(requestId);
    }

    function _pendingApproval(uint256 requestId) internal view returns (RedemptionRequest storage request) {
        request = _existing(requestId);
        if (request.status != Status.PENDING_APPROVAL) revert NotPendingApproval(requestId);
    }

    function _settlementTime(RedemptionRequest storage request) internal view returns (uint256) {
        if (request.channel == Channel.STANDARD) return block.timestamp + STANDARD_DELAY;
        if (request.channel == Channel.EMERGENCY) return block.timestamp + EMERGENCY_DELAY;
        return Math.max(block.timestamp, assetScheduler.windowOpensAt(request.windowId));
    }

    function _grossAmount(uint256 shares) private view returns (uint256) {
        return Math.mulDiv(shares, vault.sharePrice(), ONE);
    }

    function _fee(uint256 gross, Channel channel) private view returns (uint256) {
        return Math.mulDiv(gross, redemptionFeeBps(gross, channel), BPS, Math.Rounding.Ceil);
    }

    /// Scheduled requests follow the standard thresholds.
    function _needsApproval(uint256 gross, Channel channel) internal view virtual returns (bool) {
        (uint256 cash, uint256 yield, uint256 moneyMarket, ) = vault.getLiquidityBreakdown();
        uint256 layer1 = cash + yield;
        if (channel == Channel.EMERGENCY) {
            return gross > EMERGENCY_APPROVAL_AMOUNT || gross * BPS > layer1 * EMERGENCY_APPROVAL_BPS;
        }
        return
            gross >= STANDARD_APPROVAL_AMOUNT || gross * BPS >= (layer1 + moneyMarket) * STANDARD_APPROVAL_BPS;
    }

    /// L1 + L2 against gross assets; open liabilities are not deducted.
    function _liquidity() private view returns (uint256 ratio, uint256 available, uint256 total) {
        available = vault.getAvailableLiquidity();
        total = vault.grossAssets();
        ratio = total == 0 ? BPS : (available * BPS) / total;
    }
}
