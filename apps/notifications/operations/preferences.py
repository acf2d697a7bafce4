"""What a person chooses to hear, and how."""

from datetime import datetime

from django.db import transaction

from apps.audit.operations import record
from apps.core.actor import Actor
from apps.notifications.models import Preference
from apps.notifications.rules import EmailChoice, TopicGroup


@transaction.atomic
def set_preference(
    *,
    user_id: int,
    topic_group: TopicGroup,
    email: EmailChoice,
    in_app: bool,
    actor: Actor,
    at: datetime,
) -> Preference:
    """From now on the person hears of this group so; of what is critical they hear all the same.

    What is held for a digest already stays in it.
    """
    row, _ = Preference.objects.select_for_update().get_or_create(
        user_id=user_id, topic_group=topic_group.value
    )
    before = _state(row)
    row.email, row.in_app = email.value, in_app
    after = _state(row)
    if before == after:
        return row
    row.save()
    record(
        actor=actor,
        action="notification.preference_changed",
        object_type="user",
        object_id=str(user_id),
        before=before,
        after=after,
        at=at,
    )
    return row


def _state(row: Preference) -> dict[str, object]:
    return {"group": row.topic_group, "email": str(row.email), "in_app": row.in_app}
