// SPDX-License-Identifier: UNLICENSED
pragma solidity 0.8.30;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";

// Prices as many chains have them: one aggregator per asset. Here all of them answer from one hub.
// Not for production.

/// @title What the market pays, and what each feed says of it. Answers have 8 decimals.
contract FeedHub is Ownable {
    struct Round {
        uint80 id;
        int256 answer;
        uint256 updatedAt;
    }

    /// What the market pays, whatever its feed says.
    mapping(address token => int256 answer) public market;
    mapping(address token => Round) public rounds;
    /// A frozen feed no longer follows the market.
    mapping(address token => bool) public frozen;

    error LengthMismatch();

    constructor(address owner) Ownable(owner) {}

    function post(address[] calldata tokens, int256[] calldata answers) external onlyOwner {
        if (tokens.length != answers.length) revert LengthMismatch();
        for (uint256 i; i < tokens.length; ++i) {
            market[tokens[i]] = answers[i];
            if (!frozen[tokens[i]]) _say(tokens[i], answers[i], block.timestamp);
        }
    }

    function freeze(address token, bool enabled) external onlyOwner {
        frozen[token] = enabled;
    }

    /// Lets one feed say anything: zero, less, far too much, or something of the future.
    function distort(address token, int256 answer, uint256 updatedAt) external onlyOwner {
        _say(token, answer, updatedAt);
    }

    function _say(address token, int256 answer, uint256 updatedAt) private {
        rounds[token] = Round(rounds[token].id + 1, answer, updatedAt);
    }
}

/// @title One asset's price in USDT, read the way aggregators are read everywhere.
contract PriceFeed {
    uint8 public constant decimals = 8;
    FeedHub public immutable hub;
    address public immutable token;
    string public description;

    error NoDataPresent();

    constructor(FeedHub hub_, address token_, string memory description_) {
        hub = hub_;
        token = token_;
        description = description_;
    }

    function latestRoundData()
        external
        view
        returns (uint80 roundId, int256 answer, uint256 startedAt, uint256 updatedAt, uint80 answeredInRound)
    {
        (roundId, answer, updatedAt) = hub.rounds(token);
        if (roundId == 0) revert NoDataPresent();
        startedAt = updatedAt;
        answeredInRound = roundId;
    }
}
