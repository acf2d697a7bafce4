"""The signed vote as a REST body, for every endpoint that takes one."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from apps.approvals import operations
from apps.approvals.models import Ticket
from apps.approvals.rules import REASON_LENGTH_MAX, Decision
from apps.core import clock
from apps.core.actor import Actor

SIGNATURE_CHARACTERS_MAX = 10_000
"""Contract wallets sign with several owners' signatures in a row."""

HASH = r"^0x[0-9a-fA-F]{64}$"
NOT_A_HASH: dict[str, Any] = {"invalid": "Must be 0x and 64 hexadecimal digits."}


class SignedVote(serializers.Serializer):
    """What is sent back after the wallet signed what /approvals/{id}/vote-payload gave."""

    facts_hash = serializers.RegexField(
        HASH, error_messages=NOT_A_HASH, help_text="Of the figures that the decider saw."
    )
    signature = serializers.CharField(max_length=SIGNATURE_CHARACTERS_MAX)
    nonce = serializers.RegexField(HASH, error_messages=NOT_A_HASH)
    expires_at = serializers.DateTimeField()


class SignedApproval(SignedVote):
    """A vote for; a reason is welcome."""

    reason = serializers.CharField(
        max_length=REASON_LENGTH_MAX, required=False, allow_blank=True, default=""
    )


class SignedRejection(SignedVote):
    """A vote against; it says why."""

    reason = serializers.CharField(max_length=REASON_LENGTH_MAX)


BODY_OF: dict[Decision, type[SignedVote]] = {
    Decision.APPROVE: SignedApproval,
    Decision.REJECT: SignedRejection,
}

EXAMPLE: dict[str, Any] = {
    "reason": "Checked against the holder's request",
    "factsHash": "0x" + "5f" * 32,
    "signature": "0x" + "1c" * 65,
    "nonce": "0x" + "a7" * 32,
    "expiresAt": "2026-03-02T12:05:00Z",
}


def cast(request: Request, *, ticket_id: int, decision: Decision) -> Ticket:
    """Count the signed vote in the request's body; the ticket as it is then.

    Raises:
        ValidationError: the body lacks a field, or one is malformed.
        Refused: as :func:`operations.cast_vote`.
    """
    body = BODY_OF[decision](data=request.data)
    body.is_valid(raise_exception=True)
    given = body.validated_data
    return operations.cast_vote(
        ticket_id=ticket_id,
        user_id=request.user.pk or 0,
        decision=decision.value,
        reason=given["reason"],
        facts_hash_shown=given["facts_hash"],
        signature=given["signature"],
        nonce=given["nonce"].lower(),
        expires_at=given["expires_at"],
        actor=Actor.of_request(request),
        at=clock.now(),
    )


class VoteWanted(serializers.Serializer):
    """What somebody is about to decide."""

    decision = serializers.CharField(help_text=f"{' or '.join(Decision)}, in either case.")
    reason = serializers.CharField(
        max_length=REASON_LENGTH_MAX,
        required=False,
        allow_blank=True,
        default="",
        help_text="Required to reject.",
    )


class VotePayload(serializers.Serializer):
    """The typed data for the wallet (eth_signTypedData_v4), and by when the vote must be here."""

    typed_data = serializers.JSONField()
    nonce = serializers.CharField()
    expires_at = serializers.DateTimeField()
    address = serializers.CharField(help_text="The registered wallet that has to sign.")
