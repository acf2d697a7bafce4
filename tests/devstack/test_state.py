"""devstack.state and devstack.totp."""

import json
import socket
import stat
from pathlib import Path

import pytest

from devstack import management
from devstack.errors import DevError
from devstack.management import StaffMember
from devstack.ports import LOOPBACK, free_port
from devstack.state import State
from devstack.totp import totp_code

MEMBER = StaffMember("ada", "secret", "GEZDGNBVGY3TQOJQ", ("ADMIN",), "0x00")


@pytest.fixture
def state(tmp_path: Path) -> State:
    directory = tmp_path / "demo"
    directory.mkdir()
    return State(directory)


class TestLock:
    def test_a_second_start_is_refused_with_the_firsts_pid(self, state: State) -> None:
        with (
            state.locked(),
            pytest.raises(DevError, match=r"already running here \(process \d+\)"),
            State(state.directory).locked(),
        ):
            pass

    def test_the_next_start_may_have_it(self, state: State) -> None:
        with state.locked():
            pass

        with state.locked():
            assert state.directory.exists()

    def test_wiping_does_not_let_a_second_start_in(self, state: State) -> None:
        with state.locked():
            state.wipe()

            with pytest.raises(DevError, match="already running here"), state.locked():
                pass


class TestSecrets:
    def test_are_made_once_and_kept(self, state: State) -> None:
        first = state.secrets()

        assert State(state.directory).secrets() == first
        assert "PRIVATE KEY" in first.jwt_private_key

    def test_are_the_owners_alone(self, state: State) -> None:
        state.secrets()
        state.remember_staff([MEMBER])

        folder = state.directory / "secrets"
        files = list(folder.iterdir())
        assert len(files) == 4
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}

    def test_staff_is_remembered(self, state: State) -> None:
        assert state.staff() == []

        state.remember_staff([MEMBER])

        assert state.staff() == [MEMBER]


class TestPorts:
    def test_are_remembered_while_they_are_free(self, state: State) -> None:
        first = state.ports({"web": 0, "ws": 0})

        assert state.ports({"web": 0, "ws": 0}) == first

    def test_a_busy_one_is_replaced(self, state: State) -> None:
        first = state.ports({"web": 0, "ws": 0})

        with socket.create_server((LOOPBACK, first["web"])):
            second = state.ports({"web": 0, "ws": 0})

        assert second["web"] != first["web"]
        assert second["ws"] == first["ws"]

    def test_the_usual_one_is_taken_again_once_it_is_free(self, state: State) -> None:
        usual = free_port()
        with socket.create_server((LOOPBACK, usual)):
            other = state.ports({"web": usual})

        assert other["web"] != usual
        assert state.ports({"web": usual}) == {"web": usual}

    def test_damaged_memory_falls_back_on_the_defaults(self, state: State) -> None:
        (state.directory / "ports.json").write_text("{")
        default = free_port()

        assert state.ports({"web": default}) == {"web": default}
        assert json.loads((state.directory / "ports.json").read_text()) == {"web": default}


class TestCompleteness:
    def test_holds_after_the_first_start_until_it_is_wiped(self, state: State) -> None:
        assert not state.is_complete()

        state.mark_complete("code")
        assert state.is_complete()

        state.wipe()
        assert not state.is_complete()

    def test_tells_other_code_from_the_one_that_made_the_data(self, state: State) -> None:
        state.mark_complete("code")

        assert state.is_prepared_by("code")
        assert not state.is_prepared_by("other code")


def test_the_codes_fingerprint_changes_with_a_file_and_with_the_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(management, "ROOT", tmp_path)
    (tmp_path / "apps").mkdir()
    file = tmp_path / "apps" / "models.py"
    file.write_text("a = 1\n")
    before = management.code_fingerprint("")

    assert management.code_fingerprint("") == before
    assert management.code_fingerprint("postgresql://other") != before
    file.write_text("a = 2\n")
    assert management.code_fingerprint("") != before


@pytest.mark.parametrize(
    ("at", "code"), [(59, "287082"), (1111111109, "081804"), (20000000000, "353130")]
)
def test_codes_are_those_of_the_standard(at: int, code: str) -> None:
    """The vectors of RFC 6238, appendix B, cut to six digits."""
    assert totp_code("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", at) == code
