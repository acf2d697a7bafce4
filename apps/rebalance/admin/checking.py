"""The checks that stand before an execution, made for a preview while people look at it."""

from datetime import datetime

from apps.core.errors import Unavailable
from apps.rebalance import queries
from apps.rebalance.operations import evidence
from apps.rebalance.rules.calls import call_of
from apps.rebalance.rules.checks import Check


def checks_of(view: queries.PreviewView, *, at: datetime) -> list[Check]:
    """What would be found if it were executed as it is; asks a node. One check that is not known
    where nobody can say."""
    row = view.preview
    calls = [call_of(row.chain_id, action) for action in view.blueprint.actions]
    _version, parameters = queries.policy()
    try:
        return evidence.checks_of(row, calls, view.situation, parameters, at=at)
    except Unavailable as trouble:
        return [Check(name="evidence", ok=None, text=trouble.message, blocks=True)]
