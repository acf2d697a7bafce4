"""Adding and removing people, by operation, command and page."""

import json
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import DatabaseError, IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from eth_account import Account

from apps.accounts import operations
from apps.accounts.models import User, Wallet
from apps.accounts.models.people import NoSuperusers
from apps.accounts.operations.people import (
    AlreadyInactive,
    CannotDeactivateYourself,
    NameTaken,
    SuperAdminNeeded,
    UnknownRole,
)
from apps.accounts.queries import (
    label_of,
    owner_of_wallet,
    user_has_role,
    user_ids_ever_owning,
    users_with_role,
    wallet_of,
)
from apps.audit.models import OperationLog
from apps.core.actor import Actor
from apps.core.errors import Invalid, NotFound
from tests.accounts.people import person, signed_in

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
ACTOR = Actor.system("test")
USERS = "/admin/accounts/user/"


def create(**fields: Any) -> User:
    given = {"username": "ana", "email": "ana@example.org", "actor": ACTOR, "at": AT}
    return operations.create_user(**{**given, **fields})


class TestModels:
    def test_nobody_has_all_rights(self) -> None:
        with pytest.raises(NoSuperusers, match="bootstrap_admins"):
            User.objects.create_superuser("root", "root@example.org", "x")
        with pytest.raises(IntegrityError), transaction.atomic():
            User.objects.create_user("root", is_superuser=True)

    def test_staff_has_an_email_address(self) -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            User.objects.create_user("ana", is_staff=True)

    def test_names_differ_by_more_than_capitals(self) -> None:
        User.objects.create_user("ana")

        with pytest.raises(IntegrityError), transaction.atomic():
            User.objects.create_user("Ana")

    def test_one_owner_a_wallet_and_one_wallet_an_owner(self) -> None:
        ana, vera = person("OPERATOR"), person("VIP_APPROVER")

        with pytest.raises(IntegrityError), transaction.atomic():
            Wallet.objects.create(
                user=vera.user, address=Account.create().address, registered_at=AT
            )
        Wallet.objects.filter(user=vera.user).update(retired_at=AT)
        with pytest.raises(IntegrityError), transaction.atomic():
            Wallet.objects.create(user=vera.user, address=ana.wallet.upper(), registered_at=AT)

    @pytest.mark.parametrize("change", ["address", "user_id", "registered_at", "bring back"])
    def test_wallets_are_never_rewritten(self, change: str) -> None:
        ana, vera = person("OPERATOR"), person("VIP_APPROVER")
        wallets = Wallet.objects.filter(user=ana.user)
        values: dict[str, Any] = {
            "address": {"address": Account.create().address},
            "user_id": {"user_id": vera.id},
            "registered_at": {"registered_at": AT},
            "bring back": {"retired_at": None},
        }[change]
        if change == "bring back":
            wallets.update(retired_at=AT)

        with pytest.raises(DatabaseError, match="never rewritten"), transaction.atomic():
            wallets.update(**values)

    def test_wallets_are_never_deleted(self) -> None:
        ana = person("OPERATOR")

        with pytest.raises(DatabaseError, match="never rewritten"), transaction.atomic():
            Wallet.objects.filter(user=ana.user).delete()


class TestQueries:
    def test_wallets(self) -> None:
        ana = person("OPERATOR", username="ana")
        old = ana.wallet
        Wallet.objects.update(retired_at=AT)
        new = Account.create().address
        Wallet.objects.create(user=ana.user, address=new, registered_at=AT)

        assert wallet_of(ana.id) == new.lower()
        assert owner_of_wallet(new) == ana.user
        assert owner_of_wallet(old) is None
        assert user_ids_ever_owning([old.upper().replace("X", "x")]) == {ana.id}
        assert user_ids_ever_owning([old, new]) == {ana.id}
        assert user_ids_ever_owning([]) == set()
        assert label_of(old) == label_of(new) == "Ana"
        assert label_of("0x" + "00" * 20) == ""

    def test_roles_count_for_the_active_only(self) -> None:
        victor, vera = person("VIP_APPROVER"), person("VIP_APPROVER", "ADMIN")

        assert set(users_with_role("VIP_APPROVER", "ADMIN")) == {victor.user, vera.user}
        assert user_has_role(vera.id, "ADMIN")
        assert not user_has_role(victor.id, "ADMIN", "SUPER_ADMIN")

        User.objects.filter(pk=vera.id).update(is_active=False)
        assert users_with_role("VIP_APPROVER", "ADMIN") == [victor.user]
        assert not user_has_role(vera.id, "ADMIN")
        assert owner_of_wallet(vera.wallet) is None


class TestCreateUser:
    def test_writes_everything_and_the_audit_row(self) -> None:
        wallet = Account.create().address

        ana = create(roles=["OPERATOR"], wallet=wallet, password="long enough password")

        assert (ana.is_staff, ana.role_names) == (True, frozenset({"OPERATOR"}))
        assert ana.wallet_address == wallet.lower()
        row = OperationLog.objects.get(action="user.created")
        assert row.level == "HIGH"
        assert row.after["roles"] == ["OPERATOR"]
        assert "long enough" not in str(row.after)

    def test_investors_are_not_staff(self) -> None:
        assert not create(roles=["INVESTOR"]).is_staff

    def test_refuses_unknown_roles_and_taken_names(self) -> None:
        with pytest.raises(UnknownRole):
            create(roles=["GOD"])
        create()
        with pytest.raises(NameTaken):
            create(username="ANA")

        assert User.objects.count() == 1

    def test_refuses_a_malformed_wallet_whole(self) -> None:
        with pytest.raises(ValidationError):
            create(wallet="0x12")

        assert not User.objects.exists()


class TestDeactivateUser:
    def deactivate(self, who: Any, by: Any, reason: str = "left") -> User:
        return operations.deactivate_user(user_id=who.id, reason=reason, actor=by.actor, at=AT)

    def test_takes_access_and_says_so(self) -> None:
        ana, ada = person("OPERATOR"), person("ADMIN")

        self.deactivate(ana, by=ada)

        assert not User.objects.get(pk=ana.id).is_active
        row = OperationLog.objects.get(action="user.deactivated")
        assert (row.actor_user_id, row.after["reason"], row.level) == (ada.id, "left", "HIGH")

    def test_refuses(self) -> None:
        ana, ada, sue = person("OPERATOR"), person("ADMIN"), person("SUPER_ADMIN")

        with pytest.raises(CannotDeactivateYourself):
            self.deactivate(ada, by=ada)
        with pytest.raises(SuperAdminNeeded):
            self.deactivate(sue, by=ada)
        with pytest.raises(Invalid):
            self.deactivate(ana, by=ada, reason="  ")
        with pytest.raises(NotFound):
            operations.deactivate_user(user_id=0, reason="x", actor=ada.actor, at=AT)
        self.deactivate(ana, by=ada)
        with pytest.raises(AlreadyInactive):
            self.deactivate(ana, by=ada)

        assert User.objects.filter(is_active=True).count() == 2


class TestBootstrap:
    TEAM = [
        {"username": "amir", "email": "amir@example.org", "roles": ["ADMIN"]},
        {
            "username": "sue",
            "email": "sue@example.org",
            "roles": ["SUPER_ADMIN"],
            "wallet": "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
        },
    ]

    def run(self, tmp_path: Path, team: Any) -> str:
        file = tmp_path / "team.json"
        file.write_text(team if isinstance(team, str) else json.dumps(team))
        out = StringIO()
        call_command("bootstrap_admins", str(file), stdout=out)
        return out.getvalue()

    def test_adds_the_first_team_once(self, tmp_path: Path) -> None:
        printed = self.run(tmp_path, self.TEAM)

        amir = User.objects.get(username="amir")
        password = printed.split("amir: initial password ")[1].split()[0]
        assert amir.check_password(password)
        assert owner_of_wallet(self.TEAM[1]["wallet"]).username == "sue"
        with pytest.raises(CommandError, match="staff already"):
            self.run(tmp_path, self.TEAM)

    @pytest.mark.parametrize(
        ("team", "sentence"),
        [
            (TEAM[:1], "at least 2"),
            ("nonsense", "not JSON"),
            ({"a": 1}, "no list"),
            ([{"username": "x"}], "missing"),
            ([{**TEAM[0], "is_superuser": True}], "unknown"),
            ([*TEAM, {"username": "x", "email": "x@y.z", "roles": ["GOD"]}], "no role GOD"),
            ([*TEAM, {**TEAM[0], "username": "AMIR"}], "taken"),
            ([*TEAM, {**TEAM[0], "username": "x", "wallet": "0x12"}], "not an address"),
        ],
    )
    def test_refuses_with_a_sentence_and_adds_nobody(
        self, tmp_path: Path, team: Any, sentence: str
    ) -> None:
        with pytest.raises(CommandError, match=sentence):
            self.run(tmp_path, team)

        assert not User.objects.exists()

    def test_refuses_a_missing_file(self) -> None:
        with pytest.raises(CommandError, match="Cannot read"):
            call_command("bootstrap_admins", "/nowhere/team.json")


class TestDemoStaff:
    def run(self) -> list[dict[str, Any]]:
        out = StringIO()
        call_command("create_demo_staff", "--json", stdout=out)
        staff: list[dict[str, Any]] = json.loads(out.getvalue())["staff"]
        return staff

    def test_exists_in_the_demo_only(self) -> None:
        with pytest.raises(CommandError, match="only in the demo"):
            self.run()

        assert not User.objects.exists()

    def test_can_sign_in_and_says_the_same_again(self, settings: Any) -> None:
        settings.DEMO = True

        staff = self.run()

        assert self.run() == staff
        assert User.objects.count() == len(staff) == 11
        for one in staff:
            user = User.objects.get(username=one["username"])
            assert user.check_password(one["password"])
            assert user.role_names == frozenset(one["roles"])
            assert user.wallet_address == one["wallet"].lower()
            assert user.totpdevice_set.get().confirmed

    def test_secrets_belong_to_the_installation(self, settings: Any) -> None:
        settings.DEMO = True
        here = self.run()
        settings.SECRET_KEY = "another installation"

        elsewhere = self.run()

        assert not {one["password"] for one in here} & {one["password"] for one in elsewhere}

    def test_wallets_are_the_development_nodes(self, settings: Any) -> None:
        from devnet.accounts import ACCOUNTS_COUNT
        from devnet.accounts import Actor as DevnetActor

        settings.DEMO = True
        node = {DevnetActor("x", index).address for index in range(ACCOUNTS_COUNT)}

        assert {one["wallet"] for one in self.run()} <= node


class TestAdminPages:
    @pytest.fixture
    def ada(self) -> Client:
        return signed_in(person("ADMIN", username="ada"))

    def test_list_and_person_show_rights(self, ada: Client) -> None:
        ana = person("OPERATOR", username="ana")

        for url in [USERS, f"{USERS}{ana.id}/change/", "/admin/accounts/wallet/"]:
            page = ada.get(url)
            assert page.status_code == 200
            assert ana.key.address in page.content.decode()

    def test_adds_a_colleague_without_role_or_wallet(self, ada: Client) -> None:
        response = ada.post(
            f"{USERS}add/",
            {
                "username": "nina",
                "email": "nina@example.org",
                "first_name": "Nina",
                "last_name": "",
                "password": "a rather long phrase",
                "groups": "1",
                "is_superuser": "on",
            },
        )

        assert response.status_code == 302, response.content
        nina = User.objects.get(username="nina")
        assert (nina.is_staff, nina.is_superuser, nina.role_names) == (True, False, frozenset())
        assert nina.check_password("a rather long phrase")
        row = OperationLog.objects.get(action="user.created")
        assert (row.actor_name, row.object_id) == ("ada", str(nina.pk))

    @pytest.mark.parametrize(
        ("field", "value"), [("password", "short"), ("email", ""), ("username", "ADA")]
    )
    def test_refuses_a_poor_colleague(self, ada: Client, field: str, value: str) -> None:
        given = {"username": "nina", "email": "n@example.org", "password": "a rather long phrase"}

        response = ada.post(f"{USERS}add/", {**given, field: value})

        assert response.status_code == 200
        assert User.objects.count() == 1

    def test_changes_nothing_by_post(self, ada: Client) -> None:
        ana = person("OPERATOR")

        response = ada.post(f"{USERS}{ana.id}/change/", {"username": "eve", "is_active": ""})

        assert response.status_code == 403
        assert User.objects.get(pk=ana.id).username == ana.user.username

    def test_deactivates_with_a_reason(self, ada: Client) -> None:
        ana = person("OPERATOR", username="ana")
        page = reverse("admin:accounts_user_deactivate", args=[ana.id])

        assert ada.get(page).status_code == 200
        assert User.objects.get(pk=ana.id).is_active
        assert ada.post(page, {"reason": ""}).status_code == 200
        assert User.objects.get(pk=ana.id).is_active
        assert ada.post(page, {"reason": "left the company"}).status_code == 302
        assert not User.objects.get(pk=ana.id).is_active

    def test_says_why_it_cannot(self, ada: Client) -> None:
        myself = User.objects.get(username="ada")
        page = reverse("admin:accounts_user_deactivate", args=[myself.pk])

        assert b"cannot deactivate yourself" in ada.post(page, {"reason": "bye"}).content

    @pytest.mark.parametrize("role", ["OPERATOR", "VIP_APPROVER", "VIEWER", "RISK_OFFICER"])
    def test_others_see_no_people(self, role: str) -> None:
        client, ana = signed_in(person(role)), person("OPERATOR")

        assert client.get(USERS).status_code == 403
        assert client.get(f"{USERS}add/").status_code == 403
        page = reverse("admin:accounts_user_deactivate", args=[ana.id])
        assert client.post(page, {"reason": "x"}).status_code in {302, 403}
        assert User.objects.get(pk=ana.id).is_active

    def test_compliance_looks_but_does_not_touch(self) -> None:
        client, ana = signed_in(person("COMPLIANCE")), person("OPERATOR")

        assert client.get(USERS).status_code == 200
        person_page = client.get(f"{USERS}{ana.id}/change/")
        assert person_page.status_code == 200
        assert b"Deactivate" not in person_page.content
        page = reverse("admin:accounts_user_deactivate", args=[ana.id])
        client.post(page, {"reason": "x"})
        assert User.objects.get(pk=ana.id).is_active


class TestListOfPeople:
    @pytest.mark.parametrize("role", ["ADMIN", "SUPER_ADMIN", "COMPLIANCE"])
    @pytest.mark.parametrize("lookup", ["password", "password__startswith", "password__regex"])
    def test_nobody_reads_password_hashes_by_narrowing_it(self, role: str, lookup: str) -> None:
        client = signed_in(person(role))

        response = client.get(reverse("admin:accounts_user_changelist"), {lookup: "argon2"})

        assert response.status_code == 400

    def test_an_initial_password_keeps_its_spaces(self) -> None:
        client = signed_in(person("ADMIN"))
        given = {
            "username": "noor",
            "first_name": "Noor",
            "last_name": "",
            "email": "noor@example.org",
            "password": " spaces around it count ",
        }

        client.post(reverse("admin:accounts_user_add"), given)

        assert User.objects.get(username="noor").check_password(given["password"])
