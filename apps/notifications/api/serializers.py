"""Messages, choices and bounces as REST shows and takes them."""

from typing import Any

from rest_framework import serializers

from apps.notifications.models import Notification
from apps.notifications.rules import Channel, EmailChoice, FailureType, Severity, Status, TopicGroup


def _choices(values: Any) -> list[str]:
    return [item.value for item in values]


class NotificationSerializer(serializers.ModelSerializer[Notification]):
    """A message and what became of it."""

    recipient = serializers.CharField(
        source="address", help_text="An email address, user:7, or a shared place (slack:critical)."
    )
    retry_count = serializers.SerializerMethodField()
    last_error = serializers.CharField(source="error")

    class Meta:
        model = Notification
        fields = [
            "id",
            "kind",
            "channel",
            "recipient",
            "severity",
            "subject",
            "text",
            "link",
            "topic",
            "status",
            "failure_type",
            "last_error",
            "retry_count",
            "provider_id",
            "next_attempt_at",
            "created_at",
            "sent_at",
            "read_at",
        ]

    def get_retry_count(self, row: Notification) -> int:
        """How many attempts followed the first."""
        return max(row.attempts - 1, 0)


class FilterSerializer(serializers.Serializer[Any]):
    """What the list may be narrowed to."""

    status = serializers.ChoiceField(_choices(Status), required=False)
    channel = serializers.ChoiceField(_choices(Channel), required=False)
    severity = serializers.ChoiceField(_choices(Severity), required=False)
    kind = serializers.RegexField(r"\A[A-Z0-9_]{1,40}\Z", required=False)
    unread = serializers.BooleanField(required=False, allow_null=True, default=None)


class PreferenceSerializer(serializers.Serializer[Any]):
    """How the person hears of one group of messages; of critical ones they always hear."""

    topic_group = serializers.ChoiceField(_choices(TopicGroup))
    title = serializers.CharField(read_only=True)
    email = serializers.ChoiceField(_choices(EmailChoice))
    in_app = serializers.BooleanField()


class PreferencesSerializer(serializers.Serializer[Any]):
    """Every group, or those that change."""

    preferences = PreferenceSerializer(many=True, allow_empty=False)

    def validate_preferences(self, value: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Each group once."""
        groups = [item["topic_group"] for item in value]
        if len(set(groups)) < len(groups):
            raise serializers.ValidationError("A group is named twice.")
        return value


class BounceSerializer(serializers.Serializer[Any]):
    """What a mail provider says of a mail that it had taken."""

    message_id = serializers.CharField(max_length=200, help_text="The mail's Message-ID.")
    type = serializers.ChoiceField(_choices(FailureType))
    detail = serializers.CharField(max_length=2_000, required=False, default="", allow_blank=True)


class BounceTaken(serializers.Serializer[Any]):
    """The answer, whether or not there was such a mail."""

    accepted = serializers.BooleanField()
