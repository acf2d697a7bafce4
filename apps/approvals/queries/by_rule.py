"""How much rules approve by themselves in a day, and from when on people are asked instead."""

from datetime import datetime, timedelta

from django.db.models import Sum

from apps.approvals.models import Rule, Ticket
from apps.approvals.rules import LARGER_KIND, thresholds_met
from apps.core.fields import Uint256Field
from apps.core.units import format_amount

_DAY = timedelta(hours=24)


def why_people_decide(
    *, kind: str, chain_id: int, amount: int | None, at: datetime, before_id: int | None = None
) -> str:
    """Why a rule may not approve ``amount`` (base units) by itself, though its conditions hold;
    "" when it may.

    Many small approvals must not add up to what needs more people: what the kind's rule approved
    without people in the 24 hours before ``at``, executed or not, and this amount together have to
    stay below the limits of the kind that decides larger amounts. A kind without a larger one has
    no such limit. Where the larger kind has no rule, or there is no amount, people decide.

    Args:
        before_id: count only tickets with lower numbers; None for one that has no number yet.
    """
    larger = LARGER_KIND.get(kind)
    if larger is None:
        return ""
    if amount is None:
        return f"Without an amount nobody can say that it is below the limit of {larger}."
    tickets = Ticket.objects.filter(kind=kind, chain_id=chain_id, decided_at__gt=at - _DAY)
    if before_id is not None:
        tickets = tickets.filter(pk__lt=before_id)
    total = tickets.exclude(auto_approved_by="").aggregate(
        total=Sum("amount", output_field=Uint256Field())
    )
    earlier = int(total["total"] or 0)
    rule = Rule.objects.filter(kind=larger, active=True).first()
    if rule is not None and thresholds_met(rule.thresholds, earlier + amount) is None:
        return ""
    return (
        f"With {format_amount(earlier)} USDT that the rule approved by itself in the last 24 hours"
        f" it makes {format_amount(earlier + amount)} USDT, which is for people: so much alone"
        f" would be {larger}."
    )
