"""Adding and removing people; nobody alone changes roles or wallet of somebody who exists."""

from collections.abc import Collection
from datetime import datetime

from django.contrib.auth.models import Group
from django.db import IntegrityError, transaction
from django_otp.plugins.otp_totp.models import TOTPDevice

from apps.accounts.models import User, Wallet
from apps.accounts.operations.sessions import revoke_sessions_of
from apps.accounts.rules.roles import ROLES, STAFF_ROLES
from apps.audit.operations import record
from apps.core.actor import Actor
from apps.core.errors import Invalid, NotAllowed, NotFound, Refused


class NameTaken(Refused):
    """Somebody has this username, in this or another spelling, or this wallet."""


class UnknownRole(Invalid):
    """There is no such role."""


class CannotDeactivateYourself(NotAllowed):
    """Somebody tried to deactivate their own account."""


class SuperAdminNeeded(NotAllowed):
    """Only a SUPER_ADMIN may deactivate a SUPER_ADMIN."""


class AlreadyInactive(Refused):
    """The person was deactivated before."""


class AlreadyEnrolled(Refused):
    """The person has a second factor, which only a second person may replace."""


class WrongCode(Invalid):
    """The code is not what the authenticator app shows now."""


@transaction.atomic
def create_user(
    *,
    username: str,
    email: str,
    first_name: str = "",
    last_name: str = "",
    password: str | None = None,
    roles: Collection[str] = (),
    wallet: str | None = None,
    is_staff: bool | None = None,
    actor: Actor,
    at: datetime,
) -> User:
    """Add a person, with roles and wallet if this is how the installation begins.

    Args:
        password: None for people who only sign in with a wallet.
        is_staff: whether the admin lets them in; by default, whether a role is a staff role.

    Raises:
        UnknownRole, NameTaken.
    """
    unknown = sorted(set(roles) - set(ROLES))
    if unknown:
        raise UnknownRole(f"There is no role {', '.join(unknown)}.")
    if is_staff is None:
        is_staff = not STAFF_ROLES.isdisjoint(roles)
    user = User(
        username=username,
        email=email,
        first_name=first_name,
        last_name=last_name,
        is_staff=is_staff,
        date_joined=at,
    )
    user.set_password(password)
    try:
        with transaction.atomic():
            user.save()
            if wallet:
                Wallet.objects.create(user=user, address=wallet, registered_at=at)
    except IntegrityError as error:
        raise NameTaken(
            f"The name {username!r} or the wallet is taken, or staff has no email address."
        ) from error
    user.groups.set(Group.objects.filter(name__in=roles))
    user.refresh_from_db(fields=["token_version"])
    record(
        actor=actor,
        action="user.created",
        object_type="user",
        object_id=str(user.pk),
        after={
            "username": username,
            "email": email,
            "roles": sorted(roles),
            "wallet": wallet,
            "is_staff": is_staff,
        },
        level="HIGH",
        at=at,
    )
    return user


@transaction.atomic
def deactivate_user(*, user_id: int, reason: str, actor: Actor, at: datetime) -> User:
    """Take all access from a person at once: admin sessions, tokens, votes still to be counted.

    Raises:
        NotFound, AlreadyInactive, CannotDeactivateYourself, SuperAdminNeeded, Invalid.
    """
    user = User.objects.select_for_update(of=("self",)).filter(pk=user_id).first()
    if user is None:
        raise NotFound("There is no such person.")
    if not reason.strip():
        raise Invalid("Say why this person loses access.")
    if actor.user_id == user.pk:
        raise CannotDeactivateYourself("You cannot deactivate yourself. Ask a colleague.")
    if "SUPER_ADMIN" in user.role_names and not _holds(actor, "SUPER_ADMIN"):
        raise SuperAdminNeeded("Only a SUPER_ADMIN may deactivate a SUPER_ADMIN.")
    if not user.is_active:
        raise AlreadyInactive(f"{user.display_name} is inactive already.")
    user.is_active = False
    user.save(update_fields=["is_active"])
    revoke_sessions_of(user_id=user.pk, because="deactivated", actor=actor, at=at)
    record(
        actor=actor,
        action="user.deactivated",
        object_type="user",
        object_id=str(user.pk),
        before={"is_active": True},
        after={"is_active": False, "reason": reason},
        level="HIGH",
        at=at,
    )
    return user


@transaction.atomic
def enrol_second_factor(
    *, user_id: int, device_id: int, code: str, actor: Actor, at: datetime
) -> TOTPDevice:
    """Confirm an authenticator app by a code that it shows.

    Raises:
        AlreadyEnrolled, NotFound, WrongCode.
    """
    User.objects.select_for_update(of=("self",)).get(pk=user_id)
    if TOTPDevice.objects.filter(user_id=user_id, confirmed=True).exists():
        raise AlreadyEnrolled("You have a second factor already.")
    device = (
        TOTPDevice.objects.select_for_update(of=("self",))
        .filter(pk=device_id, user_id=user_id)
        .first()
    )
    if device is None:
        raise NotFound("This enrolment is over. Start again.")
    if not device.verify_token(code):
        raise WrongCode("This code does not fit. Wait for the next one and type it again.")
    device.confirmed = True
    device.save(update_fields=["confirmed"])
    record(
        actor=actor,
        action="user.second_factor_enrolled",
        object_type="user",
        object_id=str(user_id),
        level="HIGH",
        at=at,
    )
    return device


def _holds(actor: Actor, *roles: str) -> bool:
    if actor.user_id is None:
        return False
    return User.objects.filter(pk=actor.user_id, is_active=True, groups__name__in=roles).exists()
