"""Pure rules, by example and by property."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.approvals.rules import (
    OPEN,
    TRANSITIONS,
    ZERO_HASH,
    BadReason,
    Decision,
    Refusal,
    Standing,
    Status,
    UnknownDecision,
    Voter,
    after_approval,
    canonical,
    clean_reason,
    decision_of,
    facts_hash,
    refusal,
    vote_typed_data,
    voting_role,
)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)


def standing(**changes: object) -> Standing:
    values: dict[str, object] = {
        "is_open": True,
        "is_late": False,
        "role": "ADMIN",
        "escalated_to": "",
        "maker_user_id": 1,
        "party_user_ids": frozenset({2}),
        "voter_ids": frozenset({3}),
    }
    return Standing(**(values | changes))  # type: ignore[arg-type]


def voter(**changes: object) -> Voter:
    values: dict[str, object] = {
        "user_id": 9,
        "is_active": True,
        "roles": frozenset({"ADMIN"}),
        "has_wallet": True,
    }
    return Voter(**(values | changes))  # type: ignore[arg-type]


class TestRefusal:
    def test_lets_an_uninvolved_holder_of_the_role_vote(self) -> None:
        assert refusal(standing(), voter()) is None

    @pytest.mark.parametrize(
        ("ticket", "person", "expected"),
        [
            ({"is_open": False}, {}, Refusal.CLOSED),
            ({"is_late": True}, {}, Refusal.LATE),
            ({}, {"is_active": False}, Refusal.INACTIVE),
            ({}, {"user_id": 1}, Refusal.MAKER),
            ({}, {"user_id": 2}, Refusal.PARTY),
            ({}, {"user_id": 3}, Refusal.VOTED),
            ({}, {"roles": frozenset({"SUPER_ADMIN"})}, Refusal.ROLE),
            ({}, {"has_wallet": False}, Refusal.NO_WALLET),
        ],
    )
    def test_names_what_stands_against_it(
        self, ticket: dict[str, object], person: dict[str, object], expected: Refusal
    ) -> None:
        assert refusal(standing(**ticket), voter(**person)) is expected

    def test_lets_the_next_role_up_vote_only_after_escalation(self) -> None:
        boss = voter(roles=frozenset({"SUPER_ADMIN"}))

        assert refusal(standing(), boss) is Refusal.ROLE
        assert refusal(standing(escalated_to="SUPER_ADMIN"), boss) is None

    def test_an_empty_escalation_role_is_nobodys(self) -> None:
        assert voting_role("ADMIN", "", {""}) is None


class TestCleanReason:
    def test_a_rejection_needs_words(self) -> None:
        with pytest.raises(BadReason):
            clean_reason(Decision.REJECT, " \n ")

    def test_an_approval_does_not(self) -> None:
        assert clean_reason(Decision.APPROVE, "") == ""

    @pytest.mark.parametrize(
        "reason", ["a\x00b", "\x1b[31m", "\ud800", "x" * 501, "x" * 10_000_000]
    )
    def test_refuses_what_is_not_short_text(self, reason: str) -> None:
        with pytest.raises(BadReason):
            clean_reason(Decision.REJECT, reason)

    @given(st.text(max_size=500))
    def test_what_it_lets_through_can_be_stored_and_signed(self, reason: str) -> None:
        try:
            clean = clean_reason(Decision.REJECT, reason)
        except BadReason:
            return

        assert clean
        assert "\x00" not in clean
        assert clean.encode()
        assert clean_reason(Decision.REJECT, clean) == clean


class TestDecisionOf:
    @pytest.mark.parametrize("text", ["", "approve", "APPROVED", "MAYBE"])
    def test_refuses_other_words(self, text: str) -> None:
        with pytest.raises(UnknownDecision):
            decision_of(text)


class TestFactsHash:
    def test_is_the_same_for_numbers_and_their_digits(self) -> None:
        assert facts_hash({"a": 2**255, "b": [1]}) == facts_hash({"b": ["1"], "a": str(2**255)})

    def test_known_answer(self) -> None:
        # keccak256 of {"a":"1"}
        assert canonical({"a": 1}) == '{"a":"1"}'
        assert facts_hash({}) == (
            "0xb48d38f93eaa084033fc5970bf96e559c33c4cdc07d889ab00b4d63f9590739d"
        )

    def test_refuses_floats(self) -> None:
        with pytest.raises(TypeError):
            canonical({"a": 0.1})

    @given(st.dictionaries(st.text(max_size=8), json_values, max_size=5))
    def test_survives_a_round_trip_through_json(self, facts: dict[str, object]) -> None:
        import json

        text = canonical(facts)

        assert canonical(json.loads(text)) == text

    @given(st.integers(min_value=0), st.integers(min_value=0))
    def test_differs_when_a_figure_differs(self, one: int, other: int) -> None:
        assert (facts_hash({"x": one}) == facts_hash({"x": other})) == (one == other)


class TestAfterApproval:
    @given(st.integers(0, 10), st.integers(1, 10))
    def test_is_final_exactly_at_the_quorum(self, counted: int, required: int) -> None:
        final = after_approval(counted=counted, required=required) is Status.APPROVED

        assert final == (counted >= required)


class TestTransitions:
    def test_only_open_states_go_anywhere(self) -> None:
        assert {state for state, onward in TRANSITIONS.items() if onward} == set(OPEN)

    def test_every_state_is_in_the_table(self) -> None:
        assert set(TRANSITIONS) == set(Status)


class TestVoteTypedData:
    def test_a_rejection_signs_no_calls(self) -> None:
        arguments = {
            "chain_id": 56,
            "ticket_id": 3,
            "subject": "Close pool 7",
            "facts_hash": "0x" + "11" * 32,
            "calls_hash": "0x" + "22" * 32,
            "rule_version": 1,
            "reason": "No",
            "nonce": "0x" + "33" * 32,
            "expires_at": datetime(2026, 1, 1, tzinfo=UTC),
        }

        approve = vote_typed_data(decision=Decision.APPROVE, **arguments)  # type: ignore[arg-type]
        reject = vote_typed_data(decision=Decision.REJECT, **arguments)  # type: ignore[arg-type]

        assert approve["message"]["callsHash"] == "0x" + "22" * 32
        assert reject["message"]["callsHash"] == ZERO_HASH
        assert approve["domain"] == {"name": "Paimon", "version": "1", "chainId": 56}
