"""What we may ask of the contracts. Calldata is built from these and nothing else.

A call is a value: two calls are the same exactly when they hash to the same (see
``contracts.calls_hash``), which is what a vote signs and what the sender checks.
"""

from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One function of one contract of one chain, with its arguments."""

    chain_id: int

    kind: ClassVar[str]
    contract_kind: ClassVar[str]
    function: ClassVar[str]

    @property
    def args(self) -> tuple[Any, ...]:
        """The arguments in the function's order."""
        raise NotImplementedError

    @property
    def subject_id(self) -> str:
        """What the call is about, by value."""
        raise NotImplementedError

    @property
    def sentence(self) -> str:
        """What the call does, for people."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class _RequestCall(Call):
    """A call of the redemption manager about one request."""

    request_id: int

    contract_kind: ClassVar[str] = "redemption_manager"

    @property
    def args(self) -> tuple[Any, ...]:
        return (self.request_id,)

    @property
    def subject_id(self) -> str:
        return str(self.request_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApproveRedemption(_RequestCall):
    """Approve a request that waits for approval; the contract then sets its settlement time."""

    kind: ClassVar[str] = "APPROVE_REDEMPTION"
    function: ClassVar[str] = "approveRedemption"

    @property
    def sentence(self) -> str:
        return f"Approve redemption {self.request_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectRedemption(_RequestCall):
    """Reject a request that waits for approval, with the reason people gave."""

    reason: str

    kind: ClassVar[str] = "REJECT_REDEMPTION"
    function: ClassVar[str] = "rejectRedemption"

    @property
    def args(self) -> tuple[Any, ...]:
        return (self.request_id, self.reason)

    @property
    def sentence(self) -> str:
        return f"Reject redemption {self.request_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleRedemption(_RequestCall):
    """Pay a due standard or emergency request."""

    kind: ClassVar[str] = "SETTLE_REDEMPTION"
    function: ClassVar[str] = "settleRedemption"

    @property
    def sentence(self) -> str:
        return f"Settle redemption {self.request_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleScheduledRedemption(SettleRedemption):
    """Pay a due scheduled (quarterly window) request."""

    function: ClassVar[str] = "settleScheduledRedemption"
