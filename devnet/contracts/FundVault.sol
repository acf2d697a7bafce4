// SPDX-License-Identifier: UNLICENSED
pragma solidity 0.8.30;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC4626} from "@openzeppelin/contracts/token/ERC20/extensions/ERC4626.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";

import "./Errors.sol";
import {IAssetController} from "./Interfaces.sol";
import {ADMIN, ONE, Tier} from "./Types.sol";

/// @title The fund: custody of cash and assets, and the share token (PPT).
/// @notice Subscriptions are ERC-4626 deposits. Shares leave only through the redemption manager,
/// which locks them at request time and burns them at settlement; `withdraw` and `redeem` are shut.
/// All amounts are 18-decimal base units of USDT or shares; rounding favours the fund.
contract FundVault is ERC4626, AccessControl, Pausable {
    using SafeERC20 for IERC20;

    event DepositProcessed(address indexed sender, address indexed receiver, uint256 assets, uint256 shares);
    event SharesLocked(address indexed owner, uint256 shares);
    event SharesUnlocked(address indexed owner, uint256 shares);
    event SharesBurned(address indexed owner, uint256 shares);
    event RedemptionFeeAdded(uint256 fee);
    event RedemptionFeeReduced(uint256 fee);
    event NavUpdated(uint256 oldNav, uint256 newNav, uint256 timestamp);
    event EmergencyModeChanged(bool enabled);
    event AssetControllerUpdated(address indexed oldController, address indexed newController);

    bytes32 public constant ADMIN_ROLE = ADMIN;
    /// Held by the redemption manager and the asset controller, never by a person.
    bytes32 public constant OPERATOR_ROLE = keccak256("OPERATOR_ROLE");
    uint256 public constant MIN_DEPOSIT = 500e18;

    IAssetController public assetController;
    bool public emergencyMode;
    uint256 public lastNav = ONE;
    uint256 public totalRedemptionLiability;
    uint256 public totalLockedShares;
    uint256 public withdrawableRedemptionFees;
    uint256 public totalRedemptionFees;
    mapping(address owner => uint256 shares) public lockedShares;

    modifier onlyOperator() {
        if (!hasRole(OPERATOR_ROLE, msg.sender)) revert OnlyOperator();
        _;
    }

    constructor(IERC20 usdt, address admin) ERC20("Paimon Prime Token", "PPT") ERC4626(usdt) {
        _grantRole(DEFAULT_ADMIN_ROLE, admin);
        _grantRole(ADMIN_ROLE, admin);
    }

    // ---------------------------------------------------------------- figures

    /// @notice Cash and asset value, before liabilities and fees.
    function grossAssets() public view returns (uint256) {
        uint256 invested = address(assetController) == address(0) ? 0 : assetController.assetValue();
        return _cash() + invested;
    }

    /// @notice Net assets: gross less the redemption liability and fees not yet withdrawn.
    function totalAssets() public view override returns (uint256) {
        return Math.saturatingSub(grossAssets(), totalRedemptionLiability + withdrawableRedemptionFees);
    }

    /// @notice Shares that still take part in gains and losses: supply less locked shares.
    function effectiveSupply() public view returns (uint256) {
        return totalSupply() - totalLockedShares;
    }

    /// @notice Net asset value per share, 1e18 fixed point, rounded down.
    function sharePrice() public view returns (uint256) {
        uint256 supply = effectiveSupply();
        return supply == 0 ? ONE : Math.mulDiv(totalAssets(), ONE, supply);
    }

    /// @notice Cash that belongs to holders: the balance less fees not yet withdrawn.
    function availableCash() public view returns (uint256) {
        return Math.saturatingSub(_cash(), withdrawableRedemptionFees);
    }

    function availableShares(address owner) public view returns (uint256) {
        return balanceOf(owner) - _lockedInBalance(owner);
    }

    function getLiquidityBreakdown()
        public
        view
        returns (uint256 layer1Cash, uint256 layer1Yield, uint256 layer2MMF, uint256 layer3HYD)
    {
        layer1Cash = _cash();
        if (address(assetController) != address(0)) {
            layer1Yield = assetController.tokenValue(Tier.L1_CASH);
            layer2MMF = assetController.tokenValue(Tier.L2_MONEY_MARKET);
            layer3HYD = assetController.tokenValue(Tier.L3_HIGH_YIELD);
        }
    }

    /// @notice L1 + L2, open liabilities not deducted.
    function getAvailableLiquidity() external view returns (uint256) {
        (uint256 cash, uint256 yield, uint256 moneyMarket, ) = getLiquidityBreakdown();
        return cash + yield + moneyMarket;
    }

    function getVaultState()
        external
        view
        returns (
            uint256 totalAssets_,
            uint256 totalSupply_,
            uint256 sharePrice_,
            uint256 layer1Liquidity,
            uint256 layer2Liquidity,
            uint256 layer3Value,
            uint256 totalRedemptionLiability_,
            uint256 totalLockedShares_,
            bool emergencyMode_
        )
    {
        uint256 yield;
        (layer1Liquidity, yield, layer2Liquidity, layer3Value) = getLiquidityBreakdown();
        layer1Liquidity += yield;
        totalAssets_ = totalAssets();
        totalSupply_ = totalSupply();
        sharePrice_ = sharePrice();
        totalRedemptionLiability_ = totalRedemptionLiability;
        totalLockedShares_ = totalLockedShares;
        emergencyMode_ = emergencyMode;
    }

    /// @notice Always 0: shares leave through the redemption manager.
    function maxWithdraw(address) public pure override returns (uint256) {
        return 0;
    }

    /// @notice Always 0: shares leave through the redemption manager.
    function maxRedeem(address) public pure override returns (uint256) {
        return 0;
    }

    /// @notice Values the assets afresh and publishes the NAV, also when it has not moved.
    function updateNav() external {
        if (address(assetController) != address(0)) assetController.refreshCache();
        uint256 nav = sharePrice();
        emit NavUpdated(lastNav, nav, block.timestamp);
        lastNav = nav;
    }

    // ---------------------------------------------------------------- redemption manager

    /// @notice Locks `shares` and takes `grossAmount` into the liability: NAV does not move.
    function lockShares(address owner, uint256 shares, uint256 grossAmount) external onlyOperator {
        _lock(owner, shares, grossAmount);
    }

    /// @notice Gives locked shares back to their owner at today's NAV.
    function unlockShares(address owner, uint256 shares, uint256 grossAmount) external onlyOperator {
        _release(owner, shares, grossAmount);
        emit SharesUnlocked(owner, shares);
    }

    /// @notice Burns locked shares, keeps the fee and pays gross less fee to `receiver`.
    function settleShares(
        address owner,
        address receiver,
        uint256 shares,
        uint256 grossAmount,
        uint256 fee
    ) external onlyOperator {
        _release(owner, shares, grossAmount);
        _burnLocked(owner, shares);
        emit SharesBurned(owner, shares);
        withdrawableRedemptionFees += fee;
        totalRedemptionFees += fee;
        emit RedemptionFeeAdded(fee);
        IERC20(asset()).safeTransfer(receiver, grossAmount - fee);
    }

    // ---------------------------------------------------------------- asset controller

    function transferAsset(address token, address to, uint256 amount) external onlyOperator {
        IERC20(token).safeTransfer(to, amount);
    }

    function reduceRedemptionFee(uint256 amount) external onlyOperator {
        if (amount > withdrawableRedemptionFees) {
            revert NotEnoughAvailableCash(withdrawableRedemptionFees, amount);
        }
        withdrawableRedemptionFees -= amount;
        emit RedemptionFeeReduced(amount);
    }

    // ---------------------------------------------------------------- administration

    function setEmergencyMode(bool enabled) external onlyRole(ADMIN_ROLE) {
        emergencyMode = enabled;
        emit EmergencyModeChanged(enabled);
    }

    function setAssetController(IAssetController controller) external onlyRole(ADMIN_ROLE) {
        if (address(controller) == address(0)) revert ZeroAddress();
        emit AssetControllerUpdated(address(assetController), address(controller));
        assetController = controller;
    }

    /// @notice Moves any token out. Emits no event of its own: only the token's Transfer tells.
    function emergencyWithdraw(address token, address to, uint256 amount) external onlyRole(ADMIN_ROLE) {
        if (to == address(0)) revert ZeroAddress();
        IERC20(token).safeTransfer(to, amount);
    }

    function pause() external onlyRole(ADMIN_ROLE) {
        _pause();
    }

    function unpause() external onlyRole(ADMIN_ROLE) {
        _unpause();
    }

    // ---------------------------------------------------------------- inner workings

    function _cash() private view returns (uint256) {
        return IERC20(asset()).balanceOf(address(this));
    }

    function _lock(address owner, uint256 shares, uint256 grossAmount) internal virtual {
        lockedShares[owner] += shares;
        totalLockedShares += shares;
        totalRedemptionLiability += grossAmount;
        emit SharesLocked(owner, shares);
    }

    function _burnLocked(address owner, uint256 shares) internal virtual {
        _burn(owner, shares);
    }

    /// Locked shares that are in the owner's balance and must not leave it.
    function _lockedInBalance(address owner) internal view virtual returns (uint256) {
        return lockedShares[owner];
    }

    function _release(address owner, uint256 shares, uint256 grossAmount) private {
        lockedShares[owner] -= shares;
        totalLockedShares -= shares;
        totalRedemptionLiability -= grossAmount;
    }

    function _deposit(
        address caller,
        address receiver,
        uint256 assets,
        uint256 shares
    ) internal override whenNotPaused {
        if (assets < MIN_DEPOSIT) revert DepositBelowMinimum(assets, MIN_DEPOSIT);
        super._deposit(caller, receiver, assets, shares);
        _deposited(caller, receiver, assets, shares);
    }

    /// One subscription, two events: ERC-4626's Deposit and the fund's own.
    function _deposited(address caller, address receiver, uint256 assets, uint256 shares) internal virtual {
        emit DepositProcessed(caller, receiver, assets, shares);
    }

    /// Locked shares stay in the owner's balance and cannot move.
    function _update(address from, address to, uint256 shares) internal override {
        if (from != address(0)) {
            uint256 locked = _lockedInBalance(from);
            uint256 available = Math.saturatingSub(balanceOf(from), locked);
            if (locked > 0 && shares > available) revert InsufficientShares(available, shares);
        }
        super._update(from, to, shares);
    }
}
