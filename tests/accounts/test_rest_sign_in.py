"""Sign-in with a wallet, and everything somebody might do with the tokens."""

import base64
import json
import uuid
from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.contrib.auth.models import Group
from django.utils import timezone
from eth_account.messages import encode_defunct
from rest_framework.test import APIClient

from apps.accounts import operations
from apps.accounts.models import ApiSession, User, Wallet
from apps.accounts.queries import user_from_access_token
from apps.accounts.queries.tokens import InvalidToken, TokenExpired
from apps.accounts.rules import tokens
from apps.accounts.rules.signatures import CURVE_ORDER
from apps.audit.models import OperationLog
from tests.accounts.people import Person, access_token, person

pytestmark = pytest.mark.django_db
URL = "/api/v1/auth/"


@pytest.fixture
def ana() -> Person:
    return person("OPERATOR")


@pytest.fixture
def api() -> APIClient:
    return APIClient()


def personal_sign(who: Person, message: str) -> str:
    return "0x" + bytes(who.key.sign_message(encode_defunct(text=message)).signature).hex()


def challenge(api: APIClient, who: Person) -> str:
    response = api.post(URL + "challenge", {"address": who.key.address})
    assert response.status_code == 200, response.content
    return str(response.json()["data"]["message"])


def verify(api: APIClient, message: str, signature: str) -> Any:
    return api.post(URL + "verify", {"message": message, "signature": signature})


def sign_in(api: APIClient, who: Person) -> dict[str, Any]:
    message = challenge(api, who)
    response = verify(api, message, personal_sign(who, message))
    assert response.status_code == 200, response.content
    data: dict[str, Any] = response.json()["data"]
    return data


def me(api: APIClient, token: str) -> Any:
    return api.get(URL + "me", HTTP_AUTHORIZATION=f"Bearer {token}")


def refused(response: Any, status: int, code: str) -> bool:
    assert response.status_code == status, response.content
    assert response.json()["error"]["code"] == code
    return True


class TestSignIn:
    def test_gives_tokens_that_say_who_one_is(self, api: APIClient, ana: Person) -> None:
        data = sign_in(api, ana)

        response = me(api, data["accessToken"])

        assert response.status_code == 200
        assert response.json()["data"] == {
            "id": ana.id,
            "username": ana.user.username,
            "displayName": ana.user.display_name,
            "email": ana.user.email,
            "roles": ["OPERATOR"],
            "walletAddress": ana.wallet,
        }
        assert OperationLog.objects.filter(action="auth.sign_in", actor_user_id=ana.id).exists()

    def test_message_names_us_the_wallet_the_chain_and_an_end(
        self, api: APIClient, ana: Person, settings: Any
    ) -> None:
        settings.BASE_URL = "https://back.paimon.example"

        message = challenge(api, ana)

        assert message.startswith("back.paimon.example wants you to sign in")
        assert ana.key.address in message
        assert "Chain ID: 31337" in message
        assert "Expiration Time: " in message

    def test_refuses_a_replay(self, api: APIClient, ana: Person) -> None:
        message = challenge(api, ana)
        signature = personal_sign(ana, message)
        verify(api, message, signature)

        assert refused(verify(api, message, signature), 409, "CONFLICT")

    def test_refuses_an_unregistered_wallet_as_late_as_possible(self, api: APIClient) -> None:
        stranger = person("OPERATOR", with_wallet=False)
        message = challenge(api, stranger)

        response = verify(api, message, personal_sign(stranger, message))

        assert refused(response, 401, "AUTH_INVALID")
        assert OperationLog.objects.filter(action="auth.sign_in", result="REFUSED").exists()

    def test_refuses_a_deactivated_user(self, api: APIClient, ana: Person) -> None:
        User.objects.filter(pk=ana.id).update(is_active=False)
        message = challenge(api, ana)

        assert refused(verify(api, message, personal_sign(ana, message)), 401, "AUTH_INVALID")

    def test_refuses_another_signer(self, api: APIClient, ana: Person) -> None:
        message = challenge(api, ana)

        response = verify(api, message, personal_sign(person("OPERATOR"), message))

        assert refused(response, 401, "AUTH_INVALID")

    def test_refuses_the_malleable_twin(self, api: APIClient, ana: Person) -> None:
        message = challenge(api, ana)
        raw = bytes.fromhex(personal_sign(ana, message)[2:])
        twin_s = CURVE_ORDER - int.from_bytes(raw[32:64], "big")
        twin = "0x" + (raw[:32] + twin_s.to_bytes(32, "big") + bytes([55 - raw[64]])).hex()

        assert refused(verify(api, message, twin), 400, "VALIDATION_ERROR")

    @pytest.mark.parametrize(
        ("ours", "theirs"),
        [
            ("127.0.0.1", "evil.example"),
            ("Chain ID: 31337", "Chain ID: 56"),
            ("URI: http://127.0.0.1", "URI: http://evil.example"),
        ],
    )
    def test_refuses_a_message_for_somebody_else(
        self, api: APIClient, ana: Person, ours: str, theirs: str
    ) -> None:
        message = challenge(api, ana).replace(ours, theirs)

        assert refused(verify(api, message, personal_sign(ana, message)), 401, "AUTH_INVALID")

    def test_refuses_a_message_that_never_ends(self, api: APIClient, ana: Person) -> None:
        lines = challenge(api, ana).splitlines()
        message = "\n".join(line for line in lines if not line.startswith("Expiration"))

        assert refused(verify(api, message, personal_sign(ana, message)), 401, "AUTH_INVALID")

    @pytest.mark.parametrize("message", ["x", "\n" * 500, "{}", "a wants you to sign in with"])
    def test_refuses_what_is_no_message(self, api: APIClient, ana: Person, message: str) -> None:
        assert refused(verify(api, message, personal_sign(ana, message)), 401, "AUTH_INVALID")

    def test_refuses_a_stale_challenge(self, ana: Person) -> None:
        at = timezone.now()
        asked = operations.start_challenge(wallet=ana.wallet, at=at)

        with pytest.raises(operations.SignInRefused):
            operations.sign_in_with_wallet(
                message=asked.message,
                signature=personal_sign(ana, asked.message),
                actor=ana.actor,
                at=at + timedelta(minutes=6),
            )

    @pytest.mark.parametrize("address", ["", "0x12", "vitalik.eth", None, 7, ["0x"]])
    def test_refuses_what_is_no_address(self, api: APIClient, address: Any) -> None:
        response = api.post(URL + "challenge", {"address": address})

        assert refused(response, 400, "VALIDATION_ERROR")
        assert "address" in response.json()["error"]["details"]

    def test_slows_guessers_down(self, api: APIClient, ana: Person) -> None:
        for _ in range(10):
            challenge(api, ana)

        response = api.post(URL + "challenge", {"address": ana.wallet})

        assert refused(response, 429, "RATE_LIMITED")
        assert int(response["Retry-After"]) > 0


class TestAccessToken:
    def test_is_needed(self, api: APIClient) -> None:
        response = api.get(URL + "me")

        assert refused(response, 401, "AUTH_REQUIRED")
        assert response["WWW-Authenticate"] == "Bearer"

    @pytest.mark.parametrize("token", ["x", "a.b.c", "", "é", "Basic YTpi"])
    def test_refuses_nonsense(self, api: APIClient, token: str) -> None:
        assert refused(me(api, token), 401, "AUTH_INVALID")

    def test_names_its_key_and_algorithm(self, ana: Person) -> None:
        header = jwt.get_unverified_header(access_token(ana))

        assert header["alg"] == "EdDSA"
        assert header["kid"]

    def test_expires(self, api: APIClient, ana: Person) -> None:
        old = access_token(ana, timezone.now() - timedelta(minutes=16))

        assert refused(me(api, old), 401, "AUTH_EXPIRED")

    def test_refuses_one_without_signature(self, api: APIClient, ana: Person) -> None:
        assert refused(me(api, forged(access_token(ana), {"alg": "none"}, "")), 401, "AUTH_INVALID")

    def test_refuses_the_public_key_used_as_a_password(
        self, api: APIClient, ana: Person, settings: Any
    ) -> None:
        keys = tokens.key_pair(settings.JWT_PRIVATE_KEY)
        public = keys.public.public_bytes(Encoding.Raw, PublicFormat.Raw)
        payload = jwt.decode(access_token(ana), options={"verify_signature": False})
        swapped = jwt.encode(payload, public, algorithm="HS256", headers={"kid": keys.key_id})

        assert refused(me(api, swapped), 401, "AUTH_INVALID")

    def test_refuses_another_key_even_under_our_name(
        self, api: APIClient, ana: Person, settings: Any
    ) -> None:
        payload = jwt.decode(access_token(ana), options={"verify_signature": False})
        key_id = tokens.key_pair(settings.JWT_PRIVATE_KEY).key_id
        other = jwt.encode(
            payload, Ed25519PrivateKey.generate(), algorithm="EdDSA", headers={"kid": key_id}
        )

        assert refused(me(api, other), 401, "AUTH_INVALID")

    @pytest.mark.parametrize(
        "changes",
        [
            {"aud": "somebody-else"},
            {"aud": ["paimon-api", "somebody-else"]},
            {"aud": None},
            {"iss": "somebody-else"},
            {"typ": "refresh"},
            {"sub": "x"},
            {"sid": "not a uuid"},
            {"sid": str(uuid.uuid4())},
            {"exp": None},
            {"exp": 10**30},
            {"ver": None},
        ],
    )
    def test_refuses_claims_that_are_not_for_us(
        self, api: APIClient, ana: Person, settings: Any, changes: dict[str, Any]
    ) -> None:
        keys = tokens.key_pair(settings.JWT_PRIVATE_KEY)
        payload = jwt.decode(access_token(ana), options={"verify_signature": False}) | changes
        payload = {name: value for name, value in payload.items() if value is not None}
        token = jwt.encode(payload, keys.private, algorithm="EdDSA", headers={"kid": keys.key_id})

        assert refused(me(api, token), 401, "AUTH_INVALID")

    def test_refuses_somebody_elses_session(
        self, api: APIClient, ana: Person, settings: Any
    ) -> None:
        keys = tokens.key_pair(settings.JWT_PRIVATE_KEY)
        payload = jwt.decode(access_token(ana), options={"verify_signature": False})
        payload["sub"] = str(person("ADMIN").id)
        token = jwt.encode(payload, keys.private, algorithm="EdDSA", headers={"kid": keys.key_id})

        assert refused(me(api, token), 401, "AUTH_INVALID")

    def test_refuses_a_refresh_token_as_access(self, api: APIClient, ana: Person) -> None:
        data = sign_in(api, ana)

        assert refused(me(api, data["refreshToken"]), 401, "AUTH_INVALID")

    def test_dies_with_deactivation(self, api: APIClient, ana: Person) -> None:
        token = access_token(ana)
        assert me(api, token).status_code == 200

        User.objects.filter(pk=ana.id).update(is_active=False)

        assert refused(me(api, token), 401, "AUTH_INVALID")
        User.objects.filter(pk=ana.id).update(is_active=True)
        assert refused(me(api, token), 401, "AUTH_INVALID")

    @pytest.mark.parametrize("change", ["given", "taken"])
    def test_dies_when_roles_change(self, api: APIClient, ana: Person, change: str) -> None:
        token = access_token(ana)

        if change == "given":
            ana.user.groups.add(Group.objects.get(name="ADMIN"))
        else:
            ana.user.groups.clear()

        assert refused(me(api, token), 401, "AUTH_INVALID")
        ana.user.save()  # an instance that still has the old version does not bring it back
        assert refused(me(api, token), 401, "AUTH_INVALID")

    def test_dies_with_the_wallet(self, api: APIClient, ana: Person) -> None:
        token = access_token(ana)

        Wallet.objects.update(retired_at=timezone.now())

        assert refused(me(api, token), 401, "AUTH_INVALID")

    def test_query_tells_user_and_end(self, ana: Person) -> None:
        at = timezone.now()

        user, expires_at = user_from_access_token(access_token(ana, at), at=at)

        assert user == ana.user
        assert expires_at == (at + timedelta(minutes=15)).replace(microsecond=0)
        with pytest.raises(TokenExpired):
            user_from_access_token(access_token(ana, at), at=expires_at)
        with pytest.raises(InvalidToken):
            user_from_access_token("x", at=at)


class TestRefresh:
    def refresh(self, api: APIClient, token: str) -> Any:
        return api.post(URL + "refresh", {"refreshToken": token})

    def test_rotates(self, api: APIClient, ana: Person) -> None:
        first = sign_in(api, ana)

        second = self.refresh(api, first["refreshToken"]).json()["data"]

        assert me(api, second["accessToken"]).status_code == 200
        assert self.refresh(api, second["refreshToken"]).status_code == 200

    def test_reuse_ends_the_whole_session(self, api: APIClient, ana: Person) -> None:
        first = sign_in(api, ana)
        second = self.refresh(api, first["refreshToken"]).json()["data"]

        assert refused(self.refresh(api, first["refreshToken"]), 401, "AUTH_INVALID")

        assert refused(self.refresh(api, second["refreshToken"]), 401, "AUTH_INVALID")
        assert refused(me(api, second["accessToken"]), 401, "AUTH_INVALID")
        assert ApiSession.objects.get().revoked_because == "refresh token reused"
        assert OperationLog.objects.filter(result="refresh token reused").count() == 1

    def test_leaves_other_sessions_alone(self, api: APIClient, ana: Person) -> None:
        desk, phone = sign_in(api, ana), sign_in(api, ana)
        self.refresh(api, desk["refreshToken"])
        self.refresh(api, desk["refreshToken"])

        assert me(api, phone["accessToken"]).status_code == 200

    def test_refuses_an_access_token(self, api: APIClient, ana: Person) -> None:
        assert refused(self.refresh(api, access_token(ana)), 401, "AUTH_INVALID")

    def test_refuses_after_a_week(self, ana: Person) -> None:
        at = timezone.now()
        asked = operations.start_challenge(wallet=ana.wallet, at=at)
        pair = operations.sign_in_with_wallet(
            message=asked.message,
            signature=personal_sign(ana, asked.message),
            actor=ana.actor,
            at=at,
        )

        with pytest.raises(TokenExpired):
            operations.refresh_session(
                refresh_token=pair.refresh_token, actor=ana.actor, at=at + timedelta(days=7)
            )

    def test_refuses_when_rights_changed(self, api: APIClient, ana: Person) -> None:
        data = sign_in(api, ana)
        ana.user.groups.add(Group.objects.get(name="ADMIN"))

        assert refused(self.refresh(api, data["refreshToken"]), 401, "AUTH_INVALID")
        assert ApiSession.objects.get().revoked_because == "rights changed"


class TestLogout:
    def test_ends_access_and_refresh(self, api: APIClient, ana: Person) -> None:
        data = sign_in(api, ana)

        response = api.post(URL + "logout", {"refreshToken": data["refreshToken"]})

        assert response.json()["data"] == {"signedOut": True}
        assert refused(me(api, data["accessToken"]), 401, "AUTH_INVALID")
        again = api.post(URL + "refresh", {"refreshToken": data["refreshToken"]})
        assert refused(again, 401, "AUTH_INVALID")
        assert OperationLog.objects.filter(action="auth.sign_out", actor_user_id=ana.id).exists()


def forged(token: str, header: dict[str, Any], signature: str) -> str:
    """The token's payload under another header and signature."""
    kid = jwt.get_unverified_header(token)["kid"]
    text = json.dumps({**header, "kid": kid, "typ": "JWT"}).encode()
    encoded = base64.urlsafe_b64encode(text).rstrip(b"=").decode()
    return f"{encoded}.{token.split('.')[1]}.{signature}"
