"""What the app that judges risk concludes, written down where lower apps may read it."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from apps.audit import operations as audit
from apps.core.actor import Actor
from apps.core.errors import Invalid, Refused
from apps.core.locks import transaction_lock
from apps.fund.models import RiskLevel, RiskState

_THE_ONE = 1
_ACTOR = Actor.system("risk")


class UnknownLevel(Invalid):
    """There is no such level."""


class NotYetTrue(Invalid):
    """Figures of a time to come would pass for fresh ones for too long."""


class NewerKnown(Refused):
    """What is written down is newer."""


@transaction.atomic
def set_risk_state(
    *, level: str, readings: Mapping[str, str], as_of: datetime, at: datetime
) -> None:
    """Write down the level and the readings it came from, true at ``as_of``.

    Raises:
        UnknownLevel, NotYetTrue.
        NewerKnown: a later judgement is there already; it stays.
    """
    if level not in RiskLevel.values:
        raise UnknownLevel(f"{level!r} is no level of risk.")
    if as_of > at:
        raise NotYetTrue("A level of risk is as of now or earlier.")
    transaction_lock("fund:risk")
    old = RiskState.objects.filter(pk=_THE_ONE).first()
    if old is not None and old.as_of > as_of:
        raise NewerKnown(f"The level as of {old.as_of:%Y-%m-%d %H:%M:%S} UTC is known.")
    RiskState.objects.update_or_create(
        pk=_THE_ONE,
        defaults={"level": level, "readings": dict(readings), "as_of": as_of, "written_at": at},
    )
    if old is None or old.level != level:
        audit.record(
            actor=_ACTOR,
            action="RISK_LEVEL",
            object_type="fund",
            object_id="risk",
            before={"level": old.level} if old else None,
            after={"level": level, "readings": dict(readings)},
            at=at,
        )
