"""Users and their wallets.

Triggers keep two promises whichever door changes a row: ``token_version`` grows when a user's
roles change or the user is deactivated, so that tokens die with the rights they stood on; and a
wallet is never deleted, reassigned or brought back, so that "ever registered" stays answerable.
"""

from functools import cached_property
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.models import AbstractUser, UserManager
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from apps.core.fields import AddressField


class NoSuperusers(RuntimeError):
    """A superuser was asked for."""


class PeopleManager(UserManager["User"]):
    """Django's manager, but nobody is created with all rights."""

    def create_superuser(self, *_args: Any, **_fields: Any) -> "User":
        """Refuse.

        Raises:
            NoSuperusers: always.
        """
        raise NoSuperusers(
            "There are no superusers: rights come from roles alone. "
            "The first administrators are made by `manage.py bootstrap_admins`."
        )


class User(AbstractUser):
    """Somebody who signs in: staff with password and second factor, investors with a wallet."""

    token_version = models.PositiveIntegerField(
        default=0, editable=False, help_text="Grows when rights shrink; older tokens are refused"
    )

    objects: ClassVar[PeopleManager] = PeopleManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("username"), name="accounts_user_username_any_case"),
            models.CheckConstraint(
                condition=Q(is_staff=False) | ~Q(email=""), name="accounts_user_staff_has_email"
            ),
            models.CheckConstraint(
                condition=Q(is_superuser=False), name="accounts_user_no_superusers"
            ),
        ]

    @property
    def display_name(self) -> str:
        """The person's name as others read it."""
        return self.get_full_name() or self.username

    @cached_property
    def role_names(self) -> frozenset[str]:
        """The roles held, read once per instance."""
        return frozenset(self.groups.values_list("name", flat=True))

    @cached_property
    def wallet_address(self) -> str | None:
        """The address of the wallet in use, lower case, read once per instance."""
        wallet = self.wallets.filter(retired_at=None).first()
        return wallet.address if wallet else None


class Wallet(models.Model):
    """A wallet registered to a user; at most one per user is in use, the rest are history."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="wallets"
    )
    address = AddressField()
    registered_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["address"],
                condition=Q(retired_at=None),
                name="accounts_wallet_one_owner",
            ),
            models.UniqueConstraint(
                fields=["user"], condition=Q(retired_at=None), name="accounts_wallet_one_in_use"
            ),
        ]
        indexes = [models.Index(fields=["address"], name="accounts_wallet_by_address")]

    def __str__(self) -> str:
        return self.address
