"""Who has which role, who owns which wallet."""

from collections.abc import Iterable

from apps.accounts.models import User, Wallet


def users_with_role(*roles: str) -> list[User]:
    """Active users who hold any of the roles, by username."""
    holders = User.objects.filter(is_active=True, groups__name__in=roles)
    return list(holders.distinct().order_by("username"))


def user_has_role(user_id: int, *roles: str) -> bool:
    """Whether the user is active and holds any of the roles, now."""
    return User.objects.filter(pk=user_id, is_active=True, groups__name__in=roles).exists()


def wallet_of(user_id: int) -> str | None:
    """The lower-case address of the wallet the user signs with, or None."""
    return (
        Wallet.objects.filter(user_id=user_id, retired_at=None)
        .values_list("address", flat=True)
        .first()
    )


def owner_of_wallet(address: str) -> User | None:
    """The active user who signs with this wallet, or None."""
    wallet = (
        Wallet.objects.filter(address=address.lower(), retired_at=None, user__is_active=True)
        .select_related("user")
        .first()
    )
    return wallet.user if wallet else None


def user_ids_ever_owning(addresses: Iterable[str]) -> set[int]:
    """Everyone to whom any of these wallets was ever registered, retired wallets included."""
    wanted = {address.lower() for address in addresses}
    return set(Wallet.objects.filter(address__in=wanted).values_list("user_id", flat=True))


def owners_ever(addresses: Iterable[str]) -> dict[str, set[int]]:
    """By wallet, everyone to whom it was ever registered; wallets that nobody had are absent."""
    wanted = {address.lower() for address in addresses}
    owners: dict[str, set[int]] = {}
    rows = Wallet.objects.filter(address__in=wanted).values_list("address", "user_id")
    for address, user_id in rows:
        owners.setdefault(address, set()).add(user_id)
    return owners


def labels_of(addresses: Iterable[str]) -> dict[str, str]:
    """:func:`label_of` for many wallets at once, by the address as it was given."""
    given = set(addresses)
    rows = (
        Wallet.objects.filter(address__in={address.lower() for address in given})
        .select_related("user")
        .order_by("registered_at")
    )
    names = {wallet.address: wallet.user.display_name for wallet in rows}
    return {address: names.get(address.lower(), "") for address in given}


def label_of(address: str) -> str:
    """The name of whoever has, or last had, this wallet; empty when nobody we know."""
    wallet = (
        Wallet.objects.filter(address=address.lower())
        .select_related("user")
        .order_by("-registered_at")
        .first()
    )
    return wallet.user.display_name if wallet else ""
