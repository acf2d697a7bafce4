"""People for tests: users with roles, a wallet with a key, and a confirmed second factor.

Every test of every app may use these::

    ana = person("OPERATOR")                    # a user, their key, their authenticator app
    client = signed_in(ana)                     # Django's test client inside the admin
    signature = sign_typed_data(ana, payload)   # what the wallet would answer
    api = api_client(ana)                       # DRF's client with an access token
"""

import itertools
import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone
from django_otp import DEVICE_ID_SESSION_KEY
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_account.signers.local import LocalAccount
from rest_framework.test import APIClient

from apps.accounts.models import ApiSession, User, Wallet
from apps.accounts.rules import tokens
from apps.accounts.rules.roles import ROLES, STAFF_ROLES
from apps.accounts.rules.signatures import body_hash, operation_typed_data
from apps.core.actor import Actor

PASSWORD = "correct horse battery staple"
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Person:
    """A user with everything needed to act as them."""

    user: User
    key: LocalAccount
    device: TOTPDevice

    @property
    def id(self) -> int:
        """The user's primary key."""
        return self.user.pk

    @property
    def wallet(self) -> str:
        """Lower-case address."""
        return self.key.address.lower()

    @property
    def actor(self) -> Actor:
        """The person as operations are told about them."""
        return Actor(
            kind="user",
            name=self.user.username,
            user_id=self.user.pk,
            role=", ".join(sorted(self.user.role_names)),
            wallet=self.wallet,
            ip="192.0.2.7",
        )


def person(
    *roles: str,
    username: str | None = None,
    key: LocalAccount | None = None,
    enrolled: bool = True,
    with_wallet: bool = True,
    at: datetime | None = None,
) -> Person:
    """Create a user with roles, a wallet (a fresh key unless given) and a confirmed TOTP device."""
    unknown = set(roles) - set(ROLES)
    assert not unknown, f"no such role: {unknown}"
    at = at or timezone.now()
    username = username or f"person{next(_numbers)}"
    user = User.objects.create_user(
        username=username,
        email=f"{username}@example.org",
        password=PASSWORD,
        first_name=username.capitalize(),
        is_staff=not STAFF_ROLES.isdisjoint(roles),
    )
    for role in roles:
        user.groups.add(Group.objects.get_or_create(name=role)[0])
    key = key or Account.create()
    if with_wallet:
        Wallet.objects.create(user=user, address=key.address, registered_at=at)
    device = TOTPDevice.objects.create(user=user, name="Test", confirmed=enrolled)
    # Read again: roles and wallet are cached on the instance, the version grew with the roles.
    return Person(user=User.objects.get(pk=user.pk), key=key, device=device)


def sign_typed_data(who: Person | LocalAccount, typed_data: dict[str, Any]) -> str:
    """Sign EIP-712 typed data as the person's wallet would; ``0x`` and 130 digits."""
    key = who.key if isinstance(who, Person) else who
    signed = key.sign_message(encode_typed_data(full_message=typed_data))
    return "0x" + bytes(signed.signature).hex()


def totp_code(who: Person, at: datetime | None = None) -> str:
    """What the person's authenticator app shows."""
    totp = TOTP(who.device.bin_key, who.device.step, who.device.t0, who.device.digits)
    totp.time = (at or timezone.now()).timestamp()
    return f"{totp.token():0{who.device.digits}d}"


def signed_in(who: Person, client: Client | None = None) -> Client:
    """A client that is inside the admin: signed in, second factor passed."""
    client = client or Client()
    client.force_login(who.user)
    session = client.session
    session[DEVICE_ID_SESSION_KEY] = who.device.persistent_id
    session.save()
    return client


def access_token(who: Person, at: datetime | None = None) -> str:
    """An access token of a REST session that began at ``at`` (now)."""
    at = at or timezone.now()
    session = ApiSession.objects.create(
        user=who.user,
        wallet=who.wallet,
        expected_refresh_id=uuid.uuid4(),
        started_at=at,
        refreshed_at=at,
        expires_at=at + timedelta(days=7),
    )
    claims = tokens.Claims(
        kind=tokens.ACCESS,
        user_id=who.user.pk,
        session_id=str(session.pk),
        rights_version=User.objects.get(pk=who.user.pk).token_version,
        token_id=str(uuid.uuid4()),
        issued_at=at,
        expires_at=at + settings.JWT_ACCESS_LIFETIME,
    )
    return tokens.write_token(
        claims,
        keys=tokens.key_pair(settings.JWT_PRIVATE_KEY),
        audience=settings.JWT_AUDIENCE,
        issuer=settings.JWT_ISSUER,
    )


def api_client(who: Person | None = None) -> APIClient:
    """DRF's client, with the person's access token if there is one."""
    client = APIClient()
    if who is not None:
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {access_token(who)}")
    return client


def operation_headers(
    who: Person,
    *,
    method: str,
    path: str,
    body: bytes = b"",
    at: datetime | None = None,
    nonce: str | None = None,
    chain_id: int = 31337,
) -> dict[str, str]:
    """The headers of a signed sensitive REST request; ``path`` includes the query string."""
    timestamp = int((at or timezone.now()).timestamp())
    nonce = nonce or "0x" + secrets.token_hex(32)
    typed_data = operation_typed_data(
        chain_id=chain_id,
        method=method,
        path=path,
        body_hash=body_hash(body),
        nonce=nonce,
        timestamp_seconds=timestamp,
    )
    return {
        "X-Wallet-Address": who.key.address,
        "X-Wallet-Signature": sign_typed_data(who, typed_data),
        "X-Signature-Timestamp": str(timestamp),
        "X-Signature-Nonce": nonce,
    }
