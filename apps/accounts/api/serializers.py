"""What sign-in takes and gives."""

from rest_framework import serializers

from apps.accounts.rules.roles import ROLES

_TOKEN_CHARACTERS_MAX = 2000


class ChallengeRequest(serializers.Serializer):
    """Which wallet wants to sign in."""

    address = serializers.RegexField(
        r"^0x[0-9a-fA-F]{40}$",
        error_messages={"invalid": "Must be an address: 0x and 40 hexadecimal digits."},
    )


class Challenge(serializers.Serializer):
    """The EIP-4361 message to sign with ``personal_sign``, exactly as it is."""

    message = serializers.CharField()
    nonce = serializers.CharField()
    expires_at = serializers.DateTimeField()


class VerifyRequest(serializers.Serializer):
    """The signed challenge."""

    message = serializers.CharField(max_length=2000, trim_whitespace=False)
    signature = serializers.CharField(max_length=132)


class RefreshRequest(serializers.Serializer):
    """The latest refresh token."""

    refresh_token = serializers.CharField(max_length=_TOKEN_CHARACTERS_MAX)


class Tokens(serializers.Serializer):
    """A pair of tokens; the refresh token works once."""

    access_token = serializers.CharField()
    access_expires_at = serializers.DateTimeField()
    refresh_token = serializers.CharField()
    refresh_expires_at = serializers.DateTimeField()


class Me(serializers.Serializer):
    """The signed-in person."""

    id = serializers.IntegerField()
    username = serializers.CharField()
    display_name = serializers.CharField()
    email = serializers.EmailField()
    roles = serializers.ListField(child=serializers.ChoiceField(choices=sorted(ROLES)))
    wallet_address = serializers.CharField(allow_null=True)


class SignedOut(serializers.Serializer):
    """What signing out answers."""

    signed_out = serializers.BooleanField()


class ErrorBody(serializers.Serializer):
    """What went wrong."""

    code = serializers.CharField()
    message = serializers.CharField()
    details = serializers.JSONField(required=False)


class Error(serializers.Serializer):
    """The envelope of every refusal."""

    success = serializers.BooleanField()
    error = ErrorBody()
    timestamp = serializers.DateTimeField()
    request_id = serializers.CharField()
