"""A number in the unit its name promises."""

import pytest

from apps.core.units import UINT256_MAX
from apps.fund.rules.parameters import parameter_text


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("StandardApprovalAmount", 50_000 * 10**18, "50,000.00 USDT"),
        ("BaseRedemptionFee", 100, "1.00 %"),
        ("EmergencyApprovalQuotaRatio", 2_000, "20.00 %"),
        ("VoucherThreshold", 7 * 86_400, "7 d"),
        ("VoucherThreshold", 90_000, "90,000 s"),
        ("Something", 1_234, "1,234"),
        ("BaseRedemptionFee", UINT256_MAX, format(UINT256_MAX // 100) + ".35 %"),
    ],
)
def test_says_it_in_its_unit(name: str, value: int, text: str) -> None:
    assert parameter_text(name, value) == text
