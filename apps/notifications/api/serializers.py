"""A message as REST shows it."""

from rest_framework import serializers

from apps.notifications.models import Notification


class NotificationSerializer(serializers.ModelSerializer[Notification]):
    """A message and what became of it."""

    recipient = serializers.CharField(source="address")
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
            "status",
            "failure_type",
            "last_error",
            "retry_count",
            "next_attempt_at",
            "created_at",
            "sent_at",
        ]

    def get_retry_count(self, row: Notification) -> int:
        """How many attempts followed the first."""
        return max(row.attempts - 1, 0)
