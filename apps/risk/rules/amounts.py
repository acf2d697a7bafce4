"""The amounts behind a run's readings."""

from collections.abc import Mapping

from .figures import Situation


def amounts_of(situation: Situation) -> Mapping[str, str]:
    """The amounts behind the readings, base units of USDT as text; what is unknown is left out."""
    names = (
        "gross_assets",
        "l1_assets",
        "l2_assets",
        "l3_assets",
        "liability_assets",
        "available_assets",
        "requested_24h_assets",
        "pending_approval_assets",
        "predicted_outflow_7d",
        "available_7d",
    )
    amounts = {name: getattr(situation, name) for name in names}
    return {name: str(value) for name, value in amounts.items() if value is not None}
