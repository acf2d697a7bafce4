"""What if, for the fund as it stands now."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from apps.fund import queries as fund
from apps.fund.queries import AssetView
from apps.risk.rules import stress
from apps.risk.rules.figures import Indicator, Parameters, Situation
from apps.risk.rules.stress import Scenario, WhatIf

from .assessments import latest_assessment
from .policy import policy
from .situation import situation_now


def what_if_now(*, scenario: Scenario, at: datetime) -> WhatIf:
    """The scenario applied to the fund at the newest final block; asks a node, writes nothing.

    Raises:
        BadScenario: it cannot be; found before the node is asked.
        NoPolicy: there are no parameters to judge by.
    """
    stress.refuse_unless_possible(scenario, [asset.token for asset in held_assets()])
    return what_if(
        situation=situation_now(at=at), parameters=policy(at=at)[1], scenario=scenario, at=at
    )


def what_if(
    *, situation: Situation, parameters: Parameters, scenario: Scenario, at: datetime
) -> WhatIf:
    """The scenario applied to a situation.

    Raises:
        BadScenario: it cannot be.
    """
    return stress.what_if(situation, parameters, scenario, unknown_minutes=_unknown_minutes(at))


def held_assets() -> list[AssetView]:
    """What may lose value: the listed assets of which the fund holds some, by the newest
    snapshot."""
    return [asset for asset in fund.assets() if asset.value_assets]


def _unknown_minutes(at: datetime) -> Mapping[Indicator, int]:
    run = latest_assessment()
    if run is None:
        return {}
    return {
        reading.indicator: int((at - reading.unknown_since) / timedelta(minutes=1))
        for reading in run.readings
        if reading.unknown_since is not None
    }
