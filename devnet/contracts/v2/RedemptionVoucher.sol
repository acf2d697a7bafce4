// SPDX-License-Identifier: UNLICENSED
pragma solidity 0.8.30;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";

/// @title The right to settle a redemption and to be paid for it, as a token that can change hands.
contract RedemptionVoucher is ERC721, AccessControl {
    /// Held by the redemption manager.
    bytes32 public constant MINTER_ROLE = keccak256("MINTER_ROLE");

    uint256 public count;
    mapping(uint256 tokenId => uint256 requestId) public requestOf;
    mapping(uint256 requestId => uint256 tokenId) public tokenOf;

    constructor(address admin) ERC721("Paimon Redemption Voucher", "PRV") {
        _grantRole(DEFAULT_ADMIN_ROLE, admin);
    }

    function mint(address owner, uint256 requestId) external onlyRole(MINTER_ROLE) returns (uint256 tokenId) {
        tokenId = ++count;
        requestOf[tokenId] = requestId;
        tokenOf[requestId] = tokenId;
        _mint(owner, tokenId);
    }

    function burn(uint256 tokenId) external onlyRole(MINTER_ROLE) {
        _burn(tokenId);
    }

    function supportsInterface(bytes4 id) public view override(ERC721, AccessControl) returns (bool) {
        return super.supportsInterface(id);
    }
}
