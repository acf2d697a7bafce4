"""Making Django's groups equal the role table."""

from django.contrib.auth.models import Group, Permission
from django.db import transaction

from apps.accounts.rules.roles import ROLES, grants


@transaction.atomic
def give_roles_their_permissions(app_label: str) -> None:
    """Make each role's permissions of one app equal the table; create the roles if need be."""
    permissions = {
        permission.pk: f"{app_label}.{permission.codename}"
        for permission in Permission.objects.filter(content_type__app_label=app_label)
    }
    Group.objects.bulk_create([Group(name=name) for name in ROLES], ignore_conflicts=True)
    groups = dict(Group.objects.filter(name__in=ROLES).values_list("pk", "name"))
    wanted = {
        (group_id, permission_id)
        for group_id, role in groups.items()
        for permission_id, permission in permissions.items()
        if grants(role, permission)
    }
    through = Group.permissions.through
    rows = through.objects.filter(group_id__in=groups, permission_id__in=permissions)
    present = {(row.group_id, row.permission_id): row.pk for row in rows}
    through.objects.filter(pk__in=[present[pair] for pair in present.keys() - wanted]).delete()
    through.objects.bulk_create(
        [
            through(group_id=group_id, permission_id=permission_id)
            for group_id, permission_id in sorted(wanted - present.keys())
        ],
        ignore_conflicts=True,
    )
