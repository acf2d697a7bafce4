"""Deep links into the back-office; they survive signing in."""

from django.conf import settings
from django.urls import NoReverseMatch, reverse


def admin_link(name: str, *args: object) -> str:
    """The absolute address of an admin page; the start page when there is no such page."""
    try:
        path = reverse(f"admin:{name}", args=args)
    except NoReverseMatch:
        path = reverse("admin:index")
    return f"{settings.BASE_URL}{path}"
