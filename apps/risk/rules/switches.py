"""What an emergency stops, and by which calls it is stopped and let go again."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from apps.chain.calls import Call, PauseRedemptions, SetEmergencyMode, UnpauseRedemptions

EMERGENCY_MODE = "EMERGENCY_MODE"
"""The kind of ticket that decides."""

PREFIX = "emergency:"
"""How the subjects of our tickets begin."""

PROTOCOL = "PROTOCOL"
"""What a ticket that opens the protocol by hand is about; it may carry both stops."""


class Switch(StrEnum):
    """A switch of a contract that an emergency throws."""

    MODE = "EMERGENCY_MODE"
    REDEMPTIONS = "REDEMPTIONS"

    @property
    def contract_kind(self) -> str:
        """The contract that has it."""
        return "vault" if self is Switch.MODE else "redemption_manager"

    @property
    def name_on_chain(self) -> str:
        """How the fund's rows call it."""
        return "EMERGENCY_MODE" if self is Switch.MODE else "PAUSED"

    @property
    def label(self) -> str:
        """For people."""
        return "Emergency mode" if self is Switch.MODE else "New standard redemptions"

    def position(self, is_on: bool) -> str:
        """For people, where it stands."""
        if self is Switch.MODE:
            return "on" if is_on else "off"
        return "paused" if is_on else "open"

    def call(self, *, chain_id: int, on: bool) -> Call:
        """The call that throws it, or throws it back."""
        if self is Switch.MODE:
            return SetEmergencyMode(chain_id=chain_id, enabled=on)
        of_pause = PauseRedemptions if on else UnpauseRedemptions
        return of_pause(chain_id=chain_id)


CALL_KINDS = (SetEmergencyMode.kind, PauseRedemptions.kind, UnpauseRedemptions.kind)


def switch_of(kind: str) -> Switch:
    """The switch that a kind of call throws, either way."""
    return Switch.MODE if kind == SetEmergencyMode.kind else Switch.REDEMPTIONS


def subject_of(switch: Switch, *, on: bool) -> str:
    """What a ticket about throwing a switch is about."""
    kind = switch.call(chain_id=0, on=on).kind
    return f"{PREFIX}{kind}:{'on' if on else 'off'}"


PROTOCOL_SUBJECT = f"{PREFIX}{PROTOCOL}:on"


def is_ours(subject_id: str) -> bool:
    """Whether an EMERGENCY_MODE ticket is one of these."""
    return subject_id.startswith(PREFIX)


def thrown_by(facts: Mapping[str, Any]) -> Sequence[tuple[Switch, bool]]:
    """What a ticket with these facts throws, and which way, in order."""
    return [(switch_of(str(one["kind"])), bool(one["on"])) for one in facts["calls"]]


def calls_of(facts: Mapping[str, Any], *, chain_id: int) -> list[Call]:
    """The calls that a ticket with these facts stands for, made again, in order."""
    return [switch.call(chain_id=chain_id, on=on) for switch, on in thrown_by(facts)]
