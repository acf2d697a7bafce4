"""Permissions of REST views by Django's permission names."""

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request


def HasPerm(*permissions: str) -> type[BasePermission]:  # noqa: N802 - used where a class is
    """A permission class that asks for all the named permissions, ``"app.codename"`` each."""

    class _HasPerm(BasePermission):
        required = permissions

        def has_permission(self, request: Request, view: Any) -> bool:  # noqa: ARG002
            user = request.user
            return bool(user and user.is_authenticated and user.has_perms(self.required))

    _HasPerm.__name__ = f"HasPerm({', '.join(permissions)})"
    return _HasPerm
