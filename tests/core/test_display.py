"""Figures as people see them."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.core import display

AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


class TestAmountText:
    @pytest.mark.parametrize(
        ("value", "text"),
        [
            (0, "0.00"),
            (10**18, "1.00"),
            (1_234_567_899_999_999_999_999_999, "1,234,567.89"),
            (1, "< 0.01"),
            (-1, "> −0.01"),
            (-1_500 * 10**18, "−1,500.00"),
            (
                2**256 - 1,
                "115,792,089,237,316,195,423,570,985,008,687,907,853,269,984,665,640,564,039,457.58",
            ),
        ],
    )
    def test_usdt(self, value: int, text: str) -> None:
        assert display.amount_text(value) == text

    def test_shares_show_four_places(self) -> None:
        assert display.amount_text(123_456_789 * 10**12, "PPT") == "123.4567"


class TestMoney:
    def test_keeps_the_base_units(self) -> None:
        assert 'title="1500000000000000000 base units of USDT"' in display.money(15 * 10**17)

    def test_unknown_is_a_dash_with_its_reason(self) -> None:
        html = display.money(None, reason="The node does not say")

        assert "—" in html
        assert "The node does not say" in html
        assert "0" not in html

    def test_escapes_a_hostile_symbol(self) -> None:
        assert "<script>" not in display.money(1, "<script>")


class TestAddress:
    def test_is_in_checksum_form_and_can_be_copied(self) -> None:
        html = display.address("0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed")

        assert 'data-copy="0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"' in html
        assert "0x5aAe…eAed" in html

    def test_escapes_label_and_junk(self) -> None:
        html = display.address('"><script>', label="<b>")

        assert "<script>" not in html
        assert "<b>" not in html


class TestTimes:
    @pytest.mark.parametrize(
        ("seconds", "text"),
        [
            (0, "now"),
            (45, "in 45 s"),
            (-45, "45 s ago"),
            (-12 * 60, "12 min ago"),
            (3 * 3600 + 20 * 60, "in 3 h 20 min"),
            (-26 * 3600, "1 d 2 h ago"),
            (-9 * 86400 - 3600, "9 d ago"),
        ],
    )
    def test_relative(self, seconds: int, text: str) -> None:
        assert display.relative_text(AT + timedelta(seconds=seconds), AT) == text

    def test_when_says_its_zone(self) -> None:
        html = display.when(AT)

        assert 'datetime="2026-11-22T12:00:00Z"' in html
        assert "22 Nov 2026, 12:00 UTC" in html


class TestStatusPill:
    def test_turns_codes_into_words(self) -> None:
        assert ">Pending approval<" in display.status_pill("PENDING_APPROVAL", "warn")

    def test_refuses_an_unknown_tone(self) -> None:
        with pytest.raises(ValueError, match="purple"):
            display.status_pill("x", "purple")


class TestTicket:
    def test_links_to_its_page(self) -> None:
        assert display.ticket(7) == (
            '<a class="link" href="/admin/approvals/ticket/7/change/">Ticket #7</a>'
        )

    def test_says_why_there_is_none(self) -> None:
        assert 'title="Came with the installation"' in display.ticket(
            None, reason="Came with the installation"
        )
