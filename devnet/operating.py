"""What staff does directly on the contracts: decide, settle, administer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devnet.accounts import ADMIN, APPROVER_1, OPERATOR
from devnet.deploy import role
from devnet.fund import SCHEDULED, Fund

if TYPE_CHECKING:
    from devnet.accounts import Actor
    from devnet.chain import Receipt


class Operating(Fund):
    """The fund's own people, without the back-office in between.

    `kind` is vault, redemption_manager or asset_controller. Every method refuses with `Reverted`
    where the contract does.
    """

    def approve(self, request_id: int, *, by: Actor = APPROVER_1) -> Receipt:
        """Approves a request."""
        return self.manager.send(by, "approveRedemption", request_id)

    def reject(self, request_id: int, reason: str, *, by: Actor = APPROVER_1) -> Receipt:
        """Rejects a request; the shares are the owner's again."""
        return self.manager.send(by, "rejectRedemption", request_id, reason)

    def settle(self, request_id: int, *, by: Actor = OPERATOR) -> Receipt:
        """Pays a due request, through the function of its channel."""
        scheduled = self.request(request_id)["channel"] == SCHEDULED
        function = "settleScheduledRedemption" if scheduled else "settleRedemption"
        return self.manager.send(by, function, request_id)

    def settle_batch(self, count_max: int, *, by: Actor = OPERATOR) -> Receipt:
        """Tries due requests; failures leave no trace."""
        return self.manager.send(by, "batchSettleRedemptions", count_max)

    def set_emergency_mode(self, enabled: bool) -> Receipt:
        """Opens or closes the emergency channel."""
        return self.vault.send(ADMIN, "setEmergencyMode", enabled)

    def pause(self, kind: str) -> Receipt:
        """Pauses a contract."""
        return self.contract(kind).send(ADMIN, "pause")

    def unpause(self, kind: str) -> Receipt:
        """Lets a contract go on."""
        return self.contract(kind).send(ADMIN, "unpause")

    def grant_role(self, kind: str, name: str, account: str) -> Receipt:
        """Grants a role, such as VIP_APPROVER_ROLE, to an address."""
        return self.contract(kind).send(ADMIN, "grantRole", role(name), account)

    def revoke_role(self, kind: str, name: str, account: str) -> Receipt:
        """Takes a role away."""
        return self.contract(kind).send(ADMIN, "revokeRole", role(name), account)

    def set_asset_controller(self, kind: str, address: str) -> Receipt:
        """Points the vault or the redemption manager to another asset controller."""
        return self.contract(kind).send(ADMIN, "setAssetController", address)

    def set_scheduler(self, address: str) -> Receipt:
        """Gives the redemption manager another scheduler of windows."""
        return self.manager.send(ADMIN, "setAssetScheduler", address)

    def set_layer(self, tier: int, target_bps: int, min_bps: int, max_bps: int) -> Receipt:
        """Changes a tier's target and band."""
        bounds = (target_bps, min_bps, max_bps)
        return self.controller.send(ADMIN, "setLayerConfig", tier, bounds)

    def set_allocation(self, symbol: str, allocation_bps: int) -> Receipt:
        """Changes an asset's share of its tier."""
        token = self.tokens[symbol].address
        return self.controller.send(ADMIN, "updateAssetAllocation", token, allocation_bps)

    def set_adapter(self, symbol: str, address: str) -> Receipt:
        """Changes where an asset with method AUTO is traded."""
        token = self.tokens[symbol].address
        return self.controller.send(ADMIN, "setAssetAdapter", token, address)

    def set_service(self, service: str, address: str) -> Receipt:
        """Changes the controller's OracleAdapter, SwapHelper, OTCManager or FeeRecipient."""
        return self.controller.send(ADMIN, f"set{service}", address)

    def add_asset(self, token: str, tier: int, allocation_bps: int) -> Receipt:
        """Lists an asset by its token's address."""
        return self.controller.send(ADMIN, "addAsset", token, tier, allocation_bps)

    def remove_asset(self, token: str) -> Receipt:
        """Forgets an asset; what is held of it drops out of NAV."""
        return self.controller.send(ADMIN, "removeAsset", token)

    def emergency_withdraw(self, token: str, to: str, amount: int) -> Receipt:
        """Moves tokens out of the vault; no event but the token's own Transfer."""
        return self.vault.send(ADMIN, "emergencyWithdraw", token, to, amount)
