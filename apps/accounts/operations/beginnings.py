"""The people with whom an installation begins: the real first team, or the demo's staff."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django_otp.plugins.otp_totp.models import TOTPDevice

from apps.accounts.models import User
from apps.accounts.operations.people import create_user
from apps.accounts.rules.roles import ADMINISTRATOR_ROLES
from apps.core.actor import Actor
from apps.core.errors import Invalid, NotAllowed, Refused
from apps.core.locks import transaction_lock

ADMINISTRATORS_MIN = 2


class StaffExists(Refused):
    """There are people already: from now on, two of them change roles and wallets."""


class TooFewAdministrators(Invalid):
    """One administrator alone could check nobody and be checked by nobody."""


class NotADemo(NotAllowed):
    """Demo staff were asked for where PAIMON_DEMO is not set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Newcomer:
    """One person of the first team."""

    username: str
    email: str
    first_name: str = ""
    last_name: str = ""
    roles: Sequence[str] = field(default=())
    wallet: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoPerson:
    """Somebody to play in the demo, with everything needed to sign in as them."""

    username: str
    name: str
    roles: Sequence[str]
    wallet: str
    password: str
    totp_secret: str
    """Base32, as authenticator apps take it."""


@transaction.atomic
def bootstrap(*, team: Sequence[Newcomer], actor: Actor, at: datetime) -> dict[str, str]:
    """Add the first team; return each username's initial password, which is kept nowhere.

    Everybody enrols a second factor at the first sign-in.

    Raises:
        StaffExists, TooFewAdministrators, UnknownRole, NameTaken.
    """
    transaction_lock("accounts.bootstrap")
    if User.objects.filter(is_staff=True).exists():
        raise StaffExists("There are staff already, so nobody is added this way any more.")
    administrators = [one for one in team if not ADMINISTRATOR_ROLES.isdisjoint(one.roles)]
    if len(administrators) < ADMINISTRATORS_MIN:
        raise TooFewAdministrators(
            f"Name at least {ADMINISTRATORS_MIN} people with the role ADMIN or SUPER_ADMIN, "
            "so that one can check the other."
        )
    passwords = {one.username: secrets.token_urlsafe(15) for one in team}
    for one in team:
        create_user(
            username=one.username,
            email=one.email,
            first_name=one.first_name,
            last_name=one.last_name,
            password=passwords[one.username],
            roles=one.roles,
            wallet=one.wallet,
            actor=actor,
            at=at,
        )
    return passwords


@transaction.atomic
def create_demo_staff(*, actor: Actor, at: datetime) -> list[DemoPerson]:
    """Add whoever of the demo's staff is missing; return all of them with their secrets.

    Passwords and authenticator secrets derive from this installation's SECRET_KEY, so that asking
    again tells the same ones.

    Raises:
        NotADemo.
    """
    if not settings.DEMO:
        raise NotADemo("Demo staff exist only in the demo: PAIMON_DEMO is not set.")
    transaction_lock("accounts.bootstrap")
    people = [_demo_person(*row) for row in _DEMO_STAFF]
    present = set(User.objects.values_list("username", flat=True))
    for one in people:
        if one.username not in present:
            _add_demo_person(one, actor=actor, at=at)
    return people


# username, full name, role, wallet: accounts of the development node's well-known mnemonic, by the
# index in the comment; devnet/accounts.py says what else they are on the chain.
_DEMO_STAFF = (
    ("ana", "Ana Ferreira", "OPERATOR", "0x9965507D1a55bcC2695C58ba16FB37d819B0A4dc"),  # 5
    ("victor", "Victor Adeyemi", "VIP_APPROVER", "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC"),  # 2
    ("vera", "Vera Lindholm", "VIP_APPROVER", "0x90F79bf6EB2c4f870365E785982E1f101E93b906"),  # 3
    ("amir", "Amir Haddad", "ADMIN", "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"),  # 1
    ("ada", "Ada Moreau", "ADMIN", "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"),  # 0
    ("adam", "Adam Novak", "ADMIN", "0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65"),  # 4
    ("alma", "Alma Reyes", "ADMIN", "0x5E661B79FE2D3F6cE70F5AAC07d8Cd9abb2743F1"),  # 23
    ("sue", "Sue Tanaka", "SUPER_ADMIN", "0x08135Da0A343E492FA2d4282F2AE34c6c5CC1BbE"),  # 22
    ("rita", "Rita Okonkwo", "RISK_OFFICER", "0x976EA74026E726554dB657fA54763abd0C3a0aa9"),  # 6
    ("fred", "Fred Castellane", "FUND_MANAGER", "0x40Fc963A729c542424cD800349a7E4Ecc4896624"),  # 28
    ("vic", "Vic Sørensen", "VIEWER", "0x14dC79964da2C08b23698B3D3cc7Ca32193d9955"),  # 7
)


def _demo_person(username: str, name: str, role: str, wallet: str) -> DemoPerson:
    return DemoPerson(
        username=username,
        name=name,
        roles=(role,),
        wallet=wallet,
        password=base64.urlsafe_b64encode(_derived("password", username)[:12]).decode(),
        totp_secret=base64.b32encode(_derived("totp", username)[:20]).decode(),
    )


def _derived(what: str, username: str) -> bytes:
    text = f"paimon demo {what} {username}"
    return hmac.digest(settings.SECRET_KEY.encode(), text.encode(), hashlib.sha256)


def _add_demo_person(one: DemoPerson, *, actor: Actor, at: datetime) -> None:
    first_name, _, last_name = one.name.partition(" ")
    user = create_user(
        username=one.username,
        email=f"{one.username}@paimon.example",
        first_name=first_name,
        last_name=last_name,
        password=one.password,
        roles=one.roles,
        wallet=one.wallet,
        actor=actor,
        at=at,
    )
    TOTPDevice.objects.create(
        user=user, name="Demo", confirmed=True, key=base64.b32decode(one.totp_secret).hex()
    )
