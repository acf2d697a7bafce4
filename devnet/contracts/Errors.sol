// SPDX-License-Identifier: UNLICENSED
pragma solidity 0.8.30;

error ZeroAmount();
error ZeroAddress();

// Vault
error OnlyOperator();
error DepositBelowMinimum(uint256 assets, uint256 minimum);
error InsufficientShares(uint256 available, uint256 required);
error NotEnoughAvailableCash(uint256 available, uint256 required);

// Redemption manager
error RequestNotFound(uint256 requestId);
error NotPendingApproval(uint256 requestId);
error InvalidRequestStatus(uint256 requestId);
error WrongChannel(uint256 requestId);
error NotRequestOwner();
error SettlementTimeNotReached(uint256 settlementTime, uint256 currentTime);
error InsufficientLiquidity(uint256 available, uint256 required);
error EmergencyModeNotActive();
error SchedulerNotConfigured();

// Redemption manager, second generation
error CancellationDisabled();
error EmergencyQuotaExceeded(uint256 available, uint256 requested);
error InvalidSettlementTime(uint256 provided, uint256 minimum);
error NotVoucherOwner(address caller, address owner);

// Asset controller
error AssetNotFound(address token);
error AssetAlreadyExists(address token);
error AssetNotPurchasable(address token);
error SubscriptionWindowClosed(address token, uint256 start, uint256 end, uint256 currentTime);
error SlippageTooHigh(uint256 actualBps, uint256 maxBps);
error InvalidAllocation(uint256 totalBps);
error InvalidLayerRatios();
error OracleNotConfigured();
error SwapHelperNotConfigured();
error OTCManagerNotConfigured();
error AssetAdapterNotConfigured(address token);
error FeeRecipientNotSet();
error NoFeesToCollect();
