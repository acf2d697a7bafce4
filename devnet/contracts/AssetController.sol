// SPDX-License-Identifier: UNLICENSED
pragma solidity 0.8.30;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";

import "./Errors.sol";
import {IAssetController, IFundVault, IOracleAdapter, ITradingVenue, IYieldToken} from "./Interfaces.sol";
import {ADMIN, AssetConfig, BPS, LayerConfig, Method, ONE, Tier} from "./Types.sol";

/// @title What the fund holds besides cash: tiers, trades, the liquidity waterfall and fees.
/// @notice The vault keeps the tokens; this contract moves them. USDT in 18-decimal base units, token
/// amounts in the token's own, ratios in basis points. Values and amounts bought are rounded down,
/// amounts sold to raise a sum up.
contract AssetController is IAssetController, AccessControl, Pausable {
    using SafeERC20 for IERC20;

    event AssetAdded(address indexed token, Tier tier, uint256 allocation);
    event AssetRemoved(address indexed token);
    event AssetAllocationUpdated(address indexed token, uint256 oldAllocation, uint256 newAllocation);
    event AssetPurchased(address indexed token, Tier tier, uint256 usdtAmount, uint256 tokensReceived);
    event AssetRedeemed(address indexed token, Tier tier, uint256 tokenAmount, uint256 usdtReceived);
    event PurchaseRouted(
        address indexed token,
        Tier indexed tier,
        Method method,
        uint256 usdtAmount,
        uint256 tokensReceived
    );
    event WaterfallLiquidation(Tier tier, address indexed token, uint256 amountLiquidated, uint256 usdtReceived);
    event BufferPoolRebalanced(uint256 oldBuffer, uint256 newBuffer, uint256 targetBuffer);
    event LayerConfigUpdated(Tier indexed tier, uint256 targetRatio, uint256 minRatio, uint256 maxRatio);
    event ManagementFeeCollected(uint256 feeAmount, uint256 totalAssets, uint256 period);
    event PerformanceFeeCollected(uint256 feeAmount, uint256 profit, uint256 newHighWaterMark);
    event RedemptionFeesWithdrawn(address indexed recipient, uint256 amount);
    event FeeRecipientUpdated(address indexed oldRecipient, address indexed newRecipient);
    event AssetAdapterUpdated(address indexed token, address indexed oldAdapter, address indexed newAdapter);
    event OracleAdapterUpdated(address indexed oldOracle, address indexed newOracle);
    event SwapHelperUpdated(address indexed oldHelper, address indexed newHelper);
    event OTCManagerUpdated(address indexed oldManager, address indexed newManager);
    event YieldCompounded(address indexed token, uint256 yieldAmount, uint256 sharesIssued);

    bytes32 public constant ADMIN_ROLE = ADMIN;
    bytes32 public constant REBALANCER_ROLE = keccak256("REBALANCER_ROLE");
    uint256 public constant MANAGEMENT_FEE_BPS = 50; // a year
    uint256 public constant PERFORMANCE_FEE_BPS = 1_000; // of L3 profit above the high-water mark
    uint256 public constant BUFFER_TOLERANCE_BPS = 200; // of gross assets
    uint256 public constant CACHE_LIFETIME = 5 minutes;

    IFundVault public immutable vault;
    IERC20 public immutable usdt;
    IOracleAdapter public oracleAdapter;
    ITradingVenue public swapHelper;
    ITradingVenue public otcManager;
    address public feeRecipient;
    uint256 public lastCollectionTime;
    /// What L3 has cost, raised to its value whenever a performance fee is taken. USDT.
    uint256 public layer3HighWaterMark;
    /// Fees taken while cash was short. USDT.
    uint256 public unpaidFees;

    AssetConfig[] private _assets;
    mapping(address token => uint256 position) private _positions; // 1-based; 0 = unknown
    mapping(Tier tier => LayerConfig) private _layers;
    uint256 private _cachedValue;
    uint256 private _cachedAt;

    constructor(IFundVault vault_, address admin) {
        vault = vault_;
        usdt = IERC20(vault_.asset());
        lastCollectionTime = block.timestamp;
        _grantRole(DEFAULT_ADMIN_ROLE, admin);
        _grantRole(ADMIN_ROLE, admin);
        _setLayerConfig(Tier.L1_CASH, LayerConfig(1_000, 500, 2_000));
        _setLayerConfig(Tier.L2_MONEY_MARKET, LayerConfig(3_000, 2_000, 4_000));
        _setLayerConfig(Tier.L3_HIGH_YIELD, LayerConfig(6_000, 5_000, 7_000));
    }

    // ---------------------------------------------------------------- figures

    /// @inheritdoc IAssetController
    function assetValue() public view returns (uint256) {
        bool fresh = _cachedAt != 0 && block.timestamp < _cachedAt + CACHE_LIFETIME;
        return fresh ? _cachedValue : _liveValue();
    }

    /// @inheritdoc IAssetController
    function tokenValue(Tier tier) public view returns (uint256 value) {
        for (uint256 i; i < _assets.length; ++i) {
            if (_assets[i].tier == tier) value += _holdingValue(_assets[i]);
        }
    }

    /// @notice Value of a tier in USDT; L1 includes cash.
    function getLayerValue(Tier tier) public view returns (uint256) {
        uint256 cash = tier == Tier.L1_CASH ? usdt.balanceOf(address(vault)) : 0;
        return cash + tokenValue(tier);
    }

    function getAssetConfigs() external view returns (AssetConfig[] memory) {
        return _assets;
    }

    function getLayerConfigs()
        external
        view
        returns (LayerConfig memory layer1, LayerConfig memory layer2, LayerConfig memory layer3)
    {
        return (_layers[Tier.L1_CASH], _layers[Tier.L2_MONEY_MARKET], _layers[Tier.L3_HIGH_YIELD]);
    }

    function getBufferPoolInfo()
        public
        view
        returns (
            uint256 cashBalance,
            uint256 yieldBalance,
            uint256 totalBuffer,
            uint256 targetBuffer,
            uint256 bufferRatio,
            bool needsRebalance
        )
    {
        uint256 gross = vault.grossAssets();
        uint256 targetRatio = _layers[Tier.L1_CASH].targetRatio;
        cashBalance = usdt.balanceOf(address(vault));
        yieldBalance = tokenValue(Tier.L1_CASH);
        totalBuffer = cashBalance + yieldBalance;
        targetBuffer = (gross * targetRatio) / BPS;
        bufferRatio = gross == 0 ? 0 : (totalBuffer * BPS) / gross;
        uint256 off = bufferRatio > targetRatio ? bufferRatio - targetRatio : targetRatio - bufferRatio;
        needsRebalance = gross != 0 && off > BUFFER_TOLERANCE_BPS;
    }

    function getPendingFees()
        public
        view
        returns (
            uint256 pendingManagementFee,
            uint256 pendingPerformanceFee,
            uint256 totalPending,
            uint256 lastCollectionTime_,
            uint256 layer3HighWaterMark_
        )
    {
        uint256 period = block.timestamp - lastCollectionTime;
        pendingManagementFee = Math.mulDiv(vault.totalAssets(), MANAGEMENT_FEE_BPS * period, BPS * 365 days);
        uint256 profit = Math.saturatingSub(tokenValue(Tier.L3_HIGH_YIELD), layer3HighWaterMark);
        pendingPerformanceFee = (profit * PERFORMANCE_FEE_BPS) / BPS;
        totalPending = pendingManagementFee + pendingPerformanceFee;
        lastCollectionTime_ = lastCollectionTime;
        layer3HighWaterMark_ = layer3HighWaterMark;
    }

    function getRedemptionFeeInfo()
        external
        view
        returns (uint256 totalFees, uint256 withdrawableFees, uint256 alreadyWithdrawn)
    {
        totalFees = vault.totalRedemptionFees();
        withdrawableFees = vault.withdrawableRedemptionFees();
        alreadyWithdrawn = totalFees - withdrawableFees;
    }

    /// @notice Values every holding and keeps the sum for five minutes, or until the next trade.
    function refreshCache() external {
        _cachedValue = _liveValue();
        _cachedAt = block.timestamp;
    }

    // ---------------------------------------------------------------- trades

    /// @notice Spreads `amount` over the tier's open assets by target. Does nothing, without a word,
    /// when cash is short; passes over assets that cannot be bought now or get less than their minimum.
    function allocateToLayer(Tier tier, uint256 amount) external onlyRole(REBALANCER_ROLE) whenNotPaused {
        _allocate(tier, amount);
    }

    /// @notice Buys `token` for `usdtAmount`; below its minimum nothing is bought and the event says 0.
    function purchaseAsset(
        address token,
        uint256 usdtAmount
    ) external onlyRole(REBALANCER_ROLE) whenNotPaused returns (uint256 tokens) {
        AssetConfig storage config = _config(token);
        if (usdtAmount == 0) revert ZeroAmount();
        if (!config.isActive) revert AssetNotPurchasable(token);
        if (!_windowOpen(config)) {
            revert SubscriptionWindowClosed(
                token,
                config.subscriptionStart,
                config.subscriptionEnd,
                block.timestamp
            );
        }
        if (usdtAmount < config.minPurchaseAmount) {
            emit AssetPurchased(token, config.tier, 0, 0);
            return 0;
        }
        uint256 cash = vault.availableCash();
        if (usdtAmount > cash) revert NotEnoughAvailableCash(cash, usdtAmount);
        tokens = _buy(config, usdtAmount);
        emit AssetPurchased(token, config.tier, usdtAmount, tokens);
    }

    function redeemAsset(
        address token,
        uint256 tokenAmount
    ) external onlyRole(REBALANCER_ROLE) whenNotPaused returns (uint256 usdtReceived) {
        AssetConfig storage config = _config(token);
        if (tokenAmount == 0) revert ZeroAmount();
        usdtReceived = _sell(config, tokenAmount);
        emit AssetRedeemed(token, config.tier, tokenAmount, usdtReceived);
    }

    /// @notice Sells L1 yield assets, then L2, until `amountNeeded` USDT came in or nothing is left.
    /// @dev Asking for L3 is accepted and sells no L3: that takes `redeemAsset`.
    function executeWaterfallLiquidation(
        uint256 amountNeeded,
        Tier maxTier
    ) external onlyRole(REBALANCER_ROLE) returns (uint256 funded) {
        funded = _liquidate(Tier.L1_CASH, amountNeeded);
        if (maxTier != Tier.L1_CASH) {
            funded += _liquidate(Tier.L2_MONEY_MARKET, Math.saturatingSub(amountNeeded, funded));
        }
    }

    /// @notice Brings L1 back to its target against L2, when it is off by more than two points.
    function rebalanceBuffer() external onlyRole(REBALANCER_ROLE) whenNotPaused {
        (, , uint256 oldBuffer, uint256 targetBuffer, , bool needed) = getBufferPoolInfo();
        if (!needed) return;
        if (oldBuffer < targetBuffer) {
            _liquidate(Tier.L2_MONEY_MARKET, targetBuffer - oldBuffer);
        } else {
            uint256 surplus = Math.min(oldBuffer - targetBuffer, vault.availableCash());
            _allocate(Tier.L2_MONEY_MARKET, surplus);
        }
        emit BufferPoolRebalanced(oldBuffer, getLayerValue(Tier.L1_CASH), targetBuffer);
    }

    /// @notice Takes an asset's earned income as more of the asset.
    function compoundYield(address token) external onlyRole(REBALANCER_ROLE) {
        AssetConfig storage config = _config(token);
        uint256 issued = IYieldToken(token).claimYield(address(vault));
        if (issued == 0) revert ZeroAmount();
        _cachedAt = 0;
        emit YieldCompounded(token, _valueOf(config, issued), issued);
    }

    // ---------------------------------------------------------------- fees

    /// @notice Takes the fees accrued so far and pays what cash allows; the rest waits in `unpaidFees`.
    function collectFees() external onlyRole(ADMIN_ROLE) {
        if (feeRecipient == address(0)) revert FeeRecipientNotSet();
        (uint256 management, uint256 performance, uint256 total, , ) = getPendingFees();
        if (total + unpaidFees == 0) revert NoFeesToCollect();
        if (management > 0) {
            emit ManagementFeeCollected(management, vault.totalAssets(), block.timestamp - lastCollectionTime);
        }
        lastCollectionTime = block.timestamp;
        if (performance > 0) {
            uint256 value = tokenValue(Tier.L3_HIGH_YIELD);
            uint256 profit = value - layer3HighWaterMark;
            layer3HighWaterMark = value;
            emit PerformanceFeeCollected(performance, profit, value);
        }
        uint256 owed = unpaidFees + total;
        uint256 paid = Math.min(owed, vault.availableCash());
        unpaidFees = owed - paid;
        vault.transferAsset(address(usdt), feeRecipient, paid);
    }

    function withdrawRedemptionFees(uint256 amount) external onlyRole(ADMIN_ROLE) {
        if (feeRecipient == address(0)) revert FeeRecipientNotSet();
        if (amount == 0) revert ZeroAmount();
        vault.reduceRedemptionFee(amount);
        vault.transferAsset(address(usdt), feeRecipient, amount);
        emit RedemptionFeesWithdrawn(feeRecipient, amount);
    }

    // ---------------------------------------------------------------- administration

    /// @notice Lists an asset: active, bought over the counter, at most 1 % slippage, no window.
    function addAsset(address token, Tier tier, uint256 targetAllocation) external onlyRole(ADMIN_ROLE) {
        if (token == address(0)) revert ZeroAddress();
        if (_positions[token] != 0) revert AssetAlreadyExists(token);
        _checkAllocation(tier, targetAllocation);
        AssetConfig storage config = _assets.push();
        _positions[token] = _assets.length;
        config.tokenAddress = token;
        config.tier = tier;
        config.targetAllocation = targetAllocation;
        config.isActive = true;
        config.decimals = IERC20Metadata(token).decimals();
        config.maxSlippage = 100;
        _cachedAt = 0;
        emit AssetAdded(token, tier, targetAllocation);
    }

    /// @notice Forgets an asset. Whatever the vault still holds of it no longer counts in NAV.
    function removeAsset(address token) external onlyRole(ADMIN_ROLE) {
        _config(token);
        uint256 position = _positions[token];
        AssetConfig storage last = _assets[_assets.length - 1];
        _positions[last.tokenAddress] = position;
        _assets[position - 1] = last;
        _assets.pop();
        delete _positions[token];
        _cachedAt = 0;
        emit AssetRemoved(token);
    }

    function updateAssetAllocation(address token, uint256 allocation) external onlyRole(ADMIN_ROLE) {
        AssetConfig storage config = _config(token);
        uint256 old = config.targetAllocation;
        config.targetAllocation = 0;
        _checkAllocation(config.tier, allocation);
        config.targetAllocation = allocation;
        emit AssetAllocationUpdated(token, old, allocation);
    }

    /// @notice Sets how an asset may be bought. Emits no event: `getAssetConfigs` tells.
    function setPurchaseTerms(
        address token,
        Method method,
        uint256 maxSlippage,
        uint256 minPurchaseAmount,
        uint256 subscriptionStart,
        uint256 subscriptionEnd
    ) external onlyRole(ADMIN_ROLE) {
        AssetConfig storage config = _config(token);
        config.purchaseMethod = method;
        config.maxSlippage = maxSlippage;
        config.minPurchaseAmount = minPurchaseAmount;
        config.subscriptionStart = subscriptionStart;
        config.subscriptionEnd = subscriptionEnd;
    }

    /// @notice Opens or closes an asset for purchases. Emits no event.
    function setAssetActive(address token, bool active) external onlyRole(ADMIN_ROLE) {
        _config(token).isActive = active;
    }

    function setAssetAdapter(address token, address adapter) external onlyRole(ADMIN_ROLE) {
        AssetConfig storage config = _config(token);
        emit AssetAdapterUpdated(token, config.purchaseAdapter, adapter);
        config.purchaseAdapter = adapter;
    }

    function setLayerConfig(Tier tier, LayerConfig calldata config) external onlyRole(ADMIN_ROLE) {
        _setLayerConfig(tier, config);
    }

    function setOracleAdapter(IOracleAdapter oracle) external onlyRole(ADMIN_ROLE) {
        emit OracleAdapterUpdated(address(oracleAdapter), address(oracle));
        oracleAdapter = oracle;
        _cachedAt = 0;
    }

    function setSwapHelper(ITradingVenue helper) external onlyRole(ADMIN_ROLE) {
        emit SwapHelperUpdated(address(swapHelper), address(helper));
        swapHelper = helper;
    }

    function setOTCManager(ITradingVenue manager) external onlyRole(ADMIN_ROLE) {
        emit OTCManagerUpdated(address(otcManager), address(manager));
        otcManager = manager;
    }

    function setFeeRecipient(address recipient) external onlyRole(ADMIN_ROLE) {
        emit FeeRecipientUpdated(feeRecipient, recipient);
        feeRecipient = recipient;
    }

    function pause() external onlyRole(ADMIN_ROLE) {
        _pause();
    }

    function unpause() external onlyRole(ADMIN_ROLE) {
        _unpause();
    }

    // ---------------------------------------------------------------- inner workings

    function _allocate(Tier tier, uint256 amount) private {
        if (amount > vault.availableCash()) return;
        for (uint256 i; i < _assets.length; ++i) {
            AssetConfig storage config = _assets[i];
            if (config.tier != tier || !config.isActive || !_windowOpen(config)) continue;
            uint256 part = (amount * config.targetAllocation) / BPS;
            if (part == 0 || part < config.minPurchaseAmount) continue;
            _buy(config, part);
        }
    }

    function _buy(AssetConfig storage config, uint256 usdtAmount) private returns (uint256 tokens) {
        address token = config.tokenAddress;
        ITradingVenue venue = _venue(config);
        vault.transferAsset(address(usdt), address(this), usdtAmount);
        usdt.forceApprove(address(venue), usdtAmount);
        tokens = venue.buy(token, usdtAmount, address(vault));
        _checkSlippage(usdtAmount, _valueOf(config, tokens), config.maxSlippage);
        if (config.tier == Tier.L3_HIGH_YIELD) layer3HighWaterMark += usdtAmount;
        _cachedAt = 0;
        emit PurchaseRouted(token, config.tier, config.purchaseMethod, usdtAmount, tokens);
    }

    function _sell(AssetConfig storage config, uint256 tokenAmount) private returns (uint256 usdtReceived) {
        IERC20 token = IERC20(config.tokenAddress);
        ITradingVenue venue = _venue(config);
        vault.transferAsset(address(token), address(this), tokenAmount);
        token.forceApprove(address(venue), tokenAmount);
        usdtReceived = venue.sell(address(token), tokenAmount, address(vault));
        _checkSlippage(_valueOf(config, tokenAmount), usdtReceived, config.maxSlippage);
        if (config.tier == Tier.L3_HIGH_YIELD) {
            layer3HighWaterMark = Math.saturatingSub(layer3HighWaterMark, usdtReceived);
        }
        _cachedAt = 0;
    }

    /// Sells enough of the tier, in listing order, to raise `amount` even at the worst allowed price.
    function _liquidate(Tier tier, uint256 amount) private returns (uint256 raised) {
        for (uint256 i; i < _assets.length && raised < amount; ++i) {
            AssetConfig storage config = _assets[i];
            uint256 price = config.tier == tier ? _price(config.tokenAddress) : 0;
            if (price == 0) continue;
            uint256 worth = Math.mulDiv(amount - raised, BPS, BPS - config.maxSlippage, Math.Rounding.Ceil);
            uint256 tokens = Math.min(
                Math.mulDiv(worth, 10 ** config.decimals, price, Math.Rounding.Ceil),
                IERC20(config.tokenAddress).balanceOf(address(vault))
            );
            if (tokens == 0) continue;
            uint256 received = _sell(config, tokens);
            raised += received;
            emit WaterfallLiquidation(tier, config.tokenAddress, tokens, received);
        }
    }

    function _setLayerConfig(Tier tier, LayerConfig memory config) private {
        bool ordered = config.minRatio <= config.targetRatio && config.targetRatio <= config.maxRatio;
        if (!ordered || config.maxRatio > BPS) revert InvalidLayerRatios();
        _layers[tier] = config;
        emit LayerConfigUpdated(tier, config.targetRatio, config.minRatio, config.maxRatio);
    }

    /// Allocations of one tier may not exceed the whole.
    function _checkAllocation(Tier tier, uint256 added) private view {
        uint256 total = added;
        for (uint256 i; i < _assets.length; ++i) {
            if (_assets[i].tier == tier) total += _assets[i].targetAllocation;
        }
        if (total > BPS) revert InvalidAllocation(total);
    }

    function _venue(AssetConfig storage config) private view returns (ITradingVenue venue) {
        if (config.purchaseMethod == Method.OTC) {
            venue = otcManager;
            if (address(venue) == address(0)) revert OTCManagerNotConfigured();
        } else if (config.purchaseMethod == Method.SWAP) {
            venue = swapHelper;
            if (address(venue) == address(0)) revert SwapHelperNotConfigured();
        } else {
            venue = ITradingVenue(config.purchaseAdapter);
            if (address(venue) == address(0)) revert AssetAdapterNotConfigured(config.tokenAddress);
        }
    }

    function _config(address token) private view returns (AssetConfig storage) {
        uint256 position = _positions[token];
        if (position == 0) revert AssetNotFound(token);
        return _assets[position - 1];
    }

    function _windowOpen(AssetConfig storage config) private view returns (bool) {
        bool started = block.timestamp >= config.subscriptionStart;
        return started && (config.subscriptionEnd == 0 || block.timestamp < config.subscriptionEnd);
    }

    function _liveValue() private view returns (uint256 value) {
        for (uint256 i; i < _assets.length; ++i) value += _holdingValue(_assets[i]);
    }

    function _holdingValue(AssetConfig storage config) private view returns (uint256) {
        uint256 held = IERC20(config.tokenAddress).balanceOf(address(vault));
        return held == 0 ? 0 : _valueOf(config, held);
    }

    function _valueOf(AssetConfig storage config, uint256 tokens) private view returns (uint256) {
        return Math.mulDiv(tokens, _price(config.tokenAddress), 10 ** config.decimals);
    }

    function _price(address token) private view returns (uint256) {
        if (address(oracleAdapter) == address(0)) revert OracleNotConfigured();
        return oracleAdapter.getPrice(token);
    }

    function _checkSlippage(uint256 expected, uint256 actual, uint256 maxBps) private pure {
        if (actual >= expected) return;
        uint256 lossBps = ((expected - actual) * BPS) / expected;
        if (lossBps > maxBps) revert SlippageTooHigh(lossBps, maxBps);
    }
}
