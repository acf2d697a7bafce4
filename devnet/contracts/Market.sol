// SPDX-License-Identifier: UNLICENSED
pragma solidity 0.8.30;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {ZeroAmount} from "./Errors.sol";
import {IOracleAdapter, IRedemptionScheduler, ITradingVenue, IYieldToken} from "./Interfaces.sol";
import {BPS} from "./Types.sol";

// The world around the fund, as far as a development chain needs one. None of it is for production.

/// @title Stablecoin with 18 decimals, as USDT has on BSC; anyone may mint.
contract MockUSDT is ERC20("Tether USD", "USDT") {
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }
}

/// @title A tokenized real-world asset, issued and taken back by trading desks.
contract MockRWAToken is ERC20, AccessControl, IYieldToken {
    bytes32 public constant ISSUER_ROLE = keccak256("ISSUER_ROLE");
    uint8 private immutable _decimals;
    /// Income earned and not yet claimed, in the token's own base units.
    mapping(address holder => uint256 tokens) public pendingYield;

    constructor(string memory name_, string memory symbol_, uint8 decimals_, address admin) ERC20(name_, symbol_) {
        _decimals = decimals_;
        _grantRole(DEFAULT_ADMIN_ROLE, admin);
        _grantRole(ISSUER_ROLE, admin);
    }

    function decimals() public view override returns (uint8) {
        return _decimals;
    }

    function mint(address to, uint256 amount) external onlyRole(ISSUER_ROLE) {
        _mint(to, amount);
    }

    function burn(uint256 amount) external {
        _burn(msg.sender, amount);
    }

    function accrueYield(address holder, uint256 tokens) external onlyRole(ISSUER_ROLE) {
        pendingYield[holder] += tokens;
    }

    /// @inheritdoc IYieldToken
    function claimYield(address holder) external returns (uint256 tokens) {
        tokens = pendingYield[holder];
        pendingYield[holder] = 0;
        _mint(holder, tokens);
    }
}

/// @title Prices by decree of the owner; zero is allowed, so that a broken oracle can be played.
contract OracleAdapter is IOracleAdapter, Ownable {
    /// @inheritdoc IOracleAdapter
    mapping(address token => uint256 price) public getPrice;
    mapping(address token => uint256 timestamp) public updatedAt;

    constructor(address owner) Ownable(owner) {}

    function setPrices(address[] calldata tokens, uint256[] calldata prices) external onlyOwner {
        for (uint256 i; i < tokens.length; ++i) {
            getPrice[tokens[i]] = prices[i];
            updatedAt[tokens[i]] = block.timestamp;
        }
    }
}

/// @title Counterparty of every trade: the oracle's price, made worse by a slippage the owner sets.
/// @dev Serves as OTC manager, swap helper and asset adapter. Both ways the desk rounds down.
contract TradingDesk is ITradingVenue, Ownable {
    using SafeERC20 for IERC20;

    IERC20 public immutable usdt;
    IOracleAdapter public immutable oracle;
    uint256 public slippageBps;

    constructor(IERC20 usdt_, IOracleAdapter oracle_, address owner) Ownable(owner) {
        usdt = usdt_;
        oracle = oracle_;
    }

    function setSlippage(uint256 bps) external onlyOwner {
        slippageBps = bps;
    }

    /// @inheritdoc ITradingVenue
    function buy(address token, uint256 usdtAmount, address recipient) external returns (uint256 tokens) {
        uint256 price = oracle.getPrice(token);
        if (price == 0) revert ZeroAmount();
        usdt.safeTransferFrom(msg.sender, address(this), usdtAmount);
        uint256 worth = (usdtAmount * (BPS - slippageBps)) / BPS;
        tokens = Math.mulDiv(worth, 10 ** MockRWAToken(token).decimals(), price);
        MockRWAToken(token).mint(recipient, tokens);
    }

    /// @inheritdoc ITradingVenue
    function sell(address token, uint256 tokenAmount, address recipient) external returns (uint256 usdtPaid) {
        IERC20(token).safeTransferFrom(msg.sender, address(this), tokenAmount);
        MockRWAToken(token).burn(tokenAmount);
        uint256 worth = Math.mulDiv(tokenAmount, oracle.getPrice(token), 10 ** MockRWAToken(token).decimals());
        usdtPaid = (worth * (BPS - slippageBps)) / BPS;
        usdt.safeTransfer(recipient, usdtPaid);
    }
}

/// @title Quarterly redemption windows, 91 days apart, numbered from 1.
contract RedemptionScheduler is IRedemptionScheduler {
    uint256 public constant PERIOD = 91 days;
    uint256 public immutable firstWindowAt;

    constructor(uint256 firstWindowAt_) {
        firstWindowAt = firstWindowAt_;
    }

    /// @inheritdoc IRedemptionScheduler
    function nextWindow(uint256 notBefore) external view returns (uint256 windowId, uint256 opensAt) {
        windowId = 1;
        if (notBefore > firstWindowAt) windowId += Math.ceilDiv(notBefore - firstWindowAt, PERIOD);
        opensAt = windowOpensAt(windowId);
    }

    /// @inheritdoc IRedemptionScheduler
    function windowOpensAt(uint256 windowId) public view returns (uint256 opensAt) {
        return firstWindowAt + (windowId - 1) * PERIOD;
    }
}

/// @title The part of the well-known multicall contract that readers use: many calls, one block.
contract Multicall3 {
    struct Call3 {
        address target;
        bool allowFailure;
        bytes callData;
    }

    struct Result {
        bool success;
        bytes returnData;
    }

    function aggregate3(Call3[] calldata calls) external payable returns (Result[] memory results) {
        results = new Result[](calls.length);
        for (uint256 i; i < calls.length; ++i) {
            (results[i].success, results[i].returnData) = calls[i].target.call(calls[i].callData);
            require(results[i].success || calls[i].allowFailure, "Multicall3: call failed");
        }
    }
}
