// SPDX-License-Identifier: UNLICENSED
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title A holder whose maker may move its tokens; it does nothing by itself.
contract Puppet {
    constructor(IERC20 token) {
        token.approve(msg.sender, type(uint256).max);
    }
}

/// @title Many holders who trade a token among each other, as many transfers in a block as wanted.
contract Crowd {
    IERC20 public immutable token;
    address[] public members;

    constructor(IERC20 token_) {
        token = token_;
    }

    /// @notice Makes new members and gives each the same amount of what this contract holds.
    function grow(uint256 count, uint256 tokensEach) external {
        for (uint256 i = 0; i < count; i++) {
            address member = address(new Puppet(token));
            members.push(member);
            token.transfer(member, tokensEach);
        }
    }

    /// @notice Makes `count` transfers between members; who pays whom follows from `seed` alone.
    function trade(uint256 seed, uint256 count, uint256 tokensMax) external {
        uint256 size = members.length;
        for (uint256 i = 0; i < count; i++) {
            uint256 dice = uint256(keccak256(abi.encode(seed, i)));
            address from = members[dice % size];
            address to = members[(dice >> 64) % size];
            token.transferFrom(from, to, 1 + ((dice >> 128) % tokensMax));
        }
    }
}
