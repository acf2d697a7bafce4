"""What a person chose to hear, with what holds for the rest."""

from dataclasses import dataclass

from apps.notifications.models import Preference
from apps.notifications.rules import GROUP_NAMES, EmailChoice, TopicGroup


@dataclass(frozen=True, slots=True)
class PreferenceView:
    """One group of messages and how the person hears of it."""

    topic_group: TopicGroup
    title: str
    email: EmailChoice
    in_app: bool


def preferences(user_id: int) -> list[PreferenceView]:
    """Every group; email at once and in-app where nothing was chosen."""
    chosen = {row.topic_group: row for row in Preference.objects.filter(user_id=user_id)}
    return [
        PreferenceView(
            group,
            title,
            EmailChoice(chosen[group].email) if group in chosen else EmailChoice.IMMEDIATE,
            chosen[group].in_app if group in chosen else True,
        )
        for group, title in GROUP_NAMES.items()
    ]
