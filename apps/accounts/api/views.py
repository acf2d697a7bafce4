"""/auth: signing in with a wallet (EIP-4361), and the life of the tokens."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import ScopedRateThrottle
from rest_framework.views import APIView

from apps.accounts import operations
from apps.accounts.api import serializers
from apps.core import clock
from apps.core.actor import Actor
from apps.core.errors import Refused

_ADDRESS = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"


def _errors(*statuses: int) -> dict[int, OpenApiResponse]:
    says = {
        400: "VALIDATION_ERROR: a field is missing or malformed",
        401: "AUTH_REQUIRED, AUTH_INVALID or AUTH_EXPIRED",
        409: "CONFLICT: the challenge was used before or has expired",
        429: "RATE_LIMITED: see Retry-After",
    }
    return {
        status: OpenApiResponse(serializers.Error, description=says[status]) for status in statuses
    }


class _SignInView(APIView):
    """Open to everybody, at a rate of its own."""

    authentication_classes: list[Any] = []
    permission_classes = [AllowAny]
    throttle_classes = [ScopedRateThrottle]
    throttle_scope = "auth"


class ChallengeView(_SignInView):
    """POST /auth/challenge."""

    @extend_schema(
        tags=["auth"],
        summary="Ask for the message that signs a wallet in",
        description="Sign the message as it is (personal_sign) within five minutes.",
        request=serializers.ChallengeRequest,
        responses={200: serializers.Challenge, **_errors(400, 429)},
        examples=[OpenApiExample("wallet", value={"address": _ADDRESS}, request_only=True)],
        auth=[],
    )
    def post(self, request: Request) -> Response:
        """Compose a challenge."""
        asked = serializers.ChallengeRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        challenge = operations.start_challenge(
            wallet=asked.validated_data["address"], at=clock.now()
        )
        return Response(serializers.Challenge(challenge).data)


class VerifyView(_SignInView):
    """POST /auth/verify."""

    @extend_schema(
        tags=["auth"],
        summary="Exchange a signed challenge for tokens",
        request=serializers.VerifyRequest,
        responses={200: serializers.Tokens, **_errors(400, 401, 409, 429)},
        examples=[
            OpenApiExample(
                "signed challenge",
                value={
                    "message": "paimon.example wants you to sign in with your Ethereum account:\n…",
                    "signature": "0x" + "1c" * 65,
                },
                request_only=True,
            )
        ],
        auth=[],
    )
    def post(self, request: Request) -> Response:
        """Sign in."""
        given = serializers.VerifyRequest(data=request.data)
        given.is_valid(raise_exception=True)
        actor, at = Actor.of_request(request), clock.now()
        try:
            signed_in = operations.sign_in_with_wallet(
                message=given.validated_data["message"],
                signature=given.validated_data["signature"],
                actor=actor,
                at=at,
            )
        except Refused as refused:
            operations.note_refused_sign_in(reason=refused.message, actor=actor, at=at)
            raise
        return Response(serializers.Tokens(signed_in).data)


class RefreshView(_SignInView):
    """POST /auth/refresh."""

    @extend_schema(
        tags=["auth"],
        summary="Exchange the refresh token for a new pair",
        description="Each refresh token works once; using one again ends the whole session.",
        request=serializers.RefreshRequest,
        responses={200: serializers.Tokens, **_errors(400, 401, 429)},
        examples=[OpenApiExample("token", value={"refreshToken": "eyJ…"}, request_only=True)],
        auth=[],
    )
    def post(self, request: Request) -> Response:
        """Rotate."""
        given = serializers.RefreshRequest(data=request.data)
        given.is_valid(raise_exception=True)
        signed_in = operations.refresh_session(
            refresh_token=given.validated_data["refresh_token"],
            actor=Actor.of_request(request),
            at=clock.now(),
        )
        return Response(serializers.Tokens(signed_in).data)


class LogoutView(_SignInView):
    """POST /auth/logout."""

    @extend_schema(
        tags=["auth"],
        summary="Sign out: the session's tokens stop working at once",
        request=serializers.RefreshRequest,
        responses={200: serializers.SignedOut, **_errors(400, 401, 429)},
        examples=[OpenApiExample("token", value={"refreshToken": "eyJ…"}, request_only=True)],
        auth=[],
    )
    def post(self, request: Request) -> Response:
        """End the session."""
        given = serializers.RefreshRequest(data=request.data)
        given.is_valid(raise_exception=True)
        operations.sign_out(
            refresh_token=given.validated_data["refresh_token"],
            actor=Actor.of_request(request),
            at=clock.now(),
        )
        return Response({"signed_out": True})


class MeView(APIView):
    """GET /auth/me."""

    permission_classes = [IsAuthenticated]

    @extend_schema(
        tags=["auth"],
        summary="Who am I, with which roles and wallet",
        responses={200: serializers.Me, **_errors(401, 429)},
        examples=[
            OpenApiExample(
                "an operator",
                value={
                    "id": 7,
                    "username": "ana",
                    "displayName": "Ana Ferreira",
                    "email": "ana@example.org",
                    "roles": ["OPERATOR"],
                    "walletAddress": _ADDRESS.lower(),
                },
                response_only=True,
            )
        ],
    )
    def get(self, request: Request) -> Response:
        """The person behind the token."""
        user: Any = request.user
        return Response(
            {
                "id": user.pk,
                "username": user.username,
                "display_name": user.display_name,
                "email": user.email,
                "roles": sorted(user.role_names),
                "wallet_address": user.wallet_address,
            }
        )
