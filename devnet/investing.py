"""What investors do: subscribe, ask for redemption, take the request back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from devnet.fund import BPS, EMERGENCY, Fund

if TYPE_CHECKING:
    from devnet.accounts import Actor
    from devnet.chain import Receipt

_UNLIMITED = 2**256 - 1
_STANDARD_APPROVAL_AMOUNT = 100_000 * 10**18
_STANDARD_APPROVAL_BPS = 500
_EMERGENCY_APPROVAL_AMOUNT = 30_000 * 10**18
_EMERGENCY_APPROVAL_BPS = 1_000


@dataclass(frozen=True)
class Requested:
    """A redemption request just made, in the words of its event."""

    id: int
    channel: int
    gross: int
    requires_approval: bool
    settlement_time: int
    receipt: Receipt


class Investing(Fund):
    """Investors' side of the fund. Every method refuses with `Reverted` where the contract does."""

    def subscribe(self, investor: Actor, assets: int) -> Receipt:
        """Deposits USDT; the investor is given what is missing and approves once for ever."""
        missing = assets - self.usdt.read("balanceOf", investor.address)
        if missing > 0:
            self.usdt.send(investor, "mint", investor.address, missing)
        if self.usdt.read("allowance", investor.address, self.vault.address) < assets:
            self.usdt.send(investor, "approve", self.vault.address, _UNLIMITED)
        return self.vault.send(investor, "deposit", assets, investor.address)

    def request_standard(
        self, investor: Actor, shares: int, *, receiver: Actor | None = None
    ) -> Requested:
        """Asks for T+7; from 2 % of total assets on the contract makes it a scheduled request."""
        to = (receiver or investor).address
        return _requested(self.manager.send(investor, "requestRedemption", shares, to))

    def request_emergency(
        self, investor: Actor, shares: int, *, receiver: Actor | None = None
    ) -> Requested:
        """Asks for T+1; only in emergency mode."""
        to = (receiver or investor).address
        return _requested(self.manager.send(investor, "requestEmergencyRedemption", shares, to))

    def request_scheduled(
        self,
        investor: Actor,
        shares: int,
        *,
        window_id: int = 0,
        receiver: Actor | None = None,
    ) -> Requested:
        """Asks for a quarterly window; 0 is the first one at least 15 days away."""
        to = (receiver or investor).address
        return _requested(
            self.manager.send(investor, "requestScheduledRedemption", shares, to, window_id)
        )

    def cancel(self, investor: Actor, request_id: int) -> Receipt:
        """Takes back a request that waits for approval."""
        return self.manager.send(investor, "cancelRedemption", request_id)

    def approval_threshold(self, channel: int) -> int:
        """The gross amount in USDT from which (emergency: above which) approval is required."""
        state = self.state()
        if channel == EMERGENCY:
            share = state.layer1 * _EMERGENCY_APPROVAL_BPS // BPS
            return min(_EMERGENCY_APPROVAL_AMOUNT, share)
        liquid = state.layer1 + state.layer2
        return min(_STANDARD_APPROVAL_AMOUNT, liquid * _STANDARD_APPROVAL_BPS // BPS)

    def request_above_approval_threshold(
        self, investor: Actor, *, channel: int = 0, by_bps: int = 500
    ) -> Requested:
        """Asks for `by_bps` more than the threshold, after subscribing whatever is missing."""
        return self._request_at(investor, channel, BPS + by_bps)

    def request_below_approval_threshold(
        self, investor: Actor, *, channel: int = 0, by_bps: int = 5_000
    ) -> Requested:
        """Asks for `by_bps` less than the threshold, after subscribing whatever is missing."""
        return self._request_at(investor, channel, BPS - by_bps)

    def _request_at(self, investor: Actor, channel: int, threshold_share_bps: int) -> Requested:
        amount = self.approval_threshold(channel) * threshold_share_bps // BPS
        if self.shares_of(investor) < self.shares_worth(amount):
            self.subscribe(investor, 2 * amount)
            amount = self.approval_threshold(channel) * threshold_share_bps // BPS
        shares = self.shares_worth(amount)
        if channel == EMERGENCY:
            return self.request_emergency(investor, shares)
        return self.request_standard(investor, shares)


def _requested(receipt: Receipt) -> Requested:
    args = receipt.event("RedemptionRequested").args
    return Requested(
        id=args["requestId"],
        channel=args["channel"],
        gross=args["lockedAmount"],
        requires_approval=args["requiresApproval"],
        settlement_time=args["settlementTime"],
        receipt=receipt,
    )
