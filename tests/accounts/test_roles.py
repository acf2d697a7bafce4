"""The table of roles is what the groups have, and nothing else."""

from importlib import import_module

import pytest
from django.contrib.auth.models import Group, Permission

from apps.accounts.operations.roles import give_roles_their_permissions
from apps.accounts.rules.roles import ROLES, STAFF_ROLES, grants

SENSITIVE = {
    "fund.propose_fees": {"SUPER_ADMIN", "ADMIN", "OPERATOR"},
    "fund.propose_assets": {"SUPER_ADMIN", "ADMIN"},
    "approvals.decide_ticket": {"SUPER_ADMIN", "ADMIN", "VIP_APPROVER"},
    "redemptions.settle_redemption": {"SUPER_ADMIN", "OPERATOR"},
    "chain.manage_transaction": {"SUPER_ADMIN", "ADMIN", "OPERATOR"},
    "chain.stop_sending": {"SUPER_ADMIN", "ADMIN", "OPERATOR", "RISK_OFFICER"},
    "chain.propose_limits": {"SUPER_ADMIN", "ADMIN"},
    "oracle.view_source": {"SUPER_ADMIN", "ADMIN", "OPERATOR"},
    "oracle.propose_source": {"SUPER_ADMIN", "ADMIN"},
    "rebalance.preview_plan": {"SUPER_ADMIN", "ADMIN", "OPERATOR"},
    "rebalance.submit_plan": {"SUPER_ADMIN", "ADMIN", "OPERATOR"},
    "rebalance.review_plan": {"SUPER_ADMIN", "ADMIN", "RISK_OFFICER"},
    "rebalance.propose_policy": {"SUPER_ADMIN", "ADMIN"},
    "risk.open_incident": {"SUPER_ADMIN", "ADMIN", "OPERATOR", "RISK_OFFICER"},
    "risk.work_incident": {"SUPER_ADMIN", "ADMIN", "OPERATOR", "RISK_OFFICER"},
    "risk.answer_riskevent": {"SUPER_ADMIN", "ADMIN", "RISK_OFFICER"},
    "risk.propose_policy": {"SUPER_ADMIN", "ADMIN", "RISK_OFFICER"},
    "approvals.propose_rule": {"SUPER_ADMIN", "ADMIN"},
    "accounts.add_user": {"SUPER_ADMIN", "ADMIN"},
    "accounts.change_user": {"SUPER_ADMIN", "ADMIN"},
    "audit.view_operationlog": {"SUPER_ADMIN", "ADMIN", "COMPLIANCE"},
}


class TestTable:
    @pytest.mark.parametrize("permission", SENSITIVE)
    def test_sensitive_permissions_are_with_whom_they_belong(self, permission: str) -> None:
        assert {role for role in ROLES if grants(role, permission)} == SENSITIVE[permission]

    def test_investors_have_none_and_all_staff_reads(self) -> None:
        assert ROLES["INVESTOR"] == frozenset()
        assert all(grants(role, "redemptions.view_redemption") for role in STAFF_ROLES)

    def test_nobody_changes_or_deletes_rows_of_the_record(self) -> None:
        for role in ROLES:
            for app in ("fund", "redemptions", "approvals", "chain", "audit"):
                for verb in ("add", "change", "delete"):
                    assert not grants(role, f"{app}.{verb}_anything")

    def test_is_plain_python(self) -> None:
        assert "django" not in vars(import_module("apps.accounts.rules.roles"))


@pytest.mark.django_db
class TestGroups:
    def test_equal_the_table_after_migrating(self) -> None:
        permissions = {
            f"{app}.{codename}"
            for app, codename in Permission.objects.values_list(
                "content_type__app_label", "codename"
            )
        }
        for role in ROLES:
            group = Group.objects.get(name=role)
            given = {
                f"{app}.{codename}"
                for app, codename in group.permissions.values_list(
                    "content_type__app_label", "codename"
                )
            }
            assert given == {one for one in permissions if grants(role, one)}, role

    def test_every_named_permission_exists(self) -> None:
        missing = {
            permission
            for permissions in ROLES.values()
            for permission in permissions
            if "*" not in permission
            and not Permission.objects.filter(
                content_type__app_label=permission.partition(".")[0],
                codename=permission.partition(".")[2],
            ).exists()
        }
        assert missing == set()

    def test_what_the_table_does_not_give_is_taken_away(self) -> None:
        viewer = Group.objects.get(name="VIEWER")
        viewer.permissions.add(Permission.objects.get(codename="add_user"))
        viewer.permissions.remove(Permission.objects.get(codename="decide_ticket"))

        give_roles_their_permissions("accounts")

        assert not viewer.permissions.filter(codename="add_user").exists()
