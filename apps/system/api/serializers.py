"""What the system's answers look like."""

from rest_framework import serializers


class ComponentSerializer(serializers.Serializer):
    """One part of the system."""

    name = serializers.CharField()
    state = serializers.CharField(help_text="up, unknown, degraded or down")
    sentence = serializers.CharField()
    figures = serializers.DictField()


class HealthSerializer(serializers.Serializer):
    """The whole; everything but ``status`` is for staff."""

    status = serializers.ChoiceField(["healthy", "degraded", "unhealthy"])
    version = serializers.CharField(required=False)
    uptime_seconds = serializers.IntegerField(required=False)
    components = ComponentSerializer(many=True, required=False)
    last_block_processed = serializers.IntegerField(required=False, allow_null=True)
    block_lag = serializers.IntegerField(required=False, allow_null=True)


class ContractSerializer(serializers.Serializer):
    """A contract we watch or call."""

    kind = serializers.CharField()
    address = serializers.CharField()
    start_block = serializers.IntegerField()
    generation = serializers.CharField()


class ChainSerializer(serializers.Serializer):
    """A configured chain."""

    name = serializers.CharField()
    chain_id = serializers.IntegerField()
    confirmations = serializers.IntegerField(
        allow_null=True, help_text="null where the node's finalized tag decides"
    )
    explorer_url = serializers.CharField()
    contracts = ContractSerializer(many=True)


class RuleSerializer(serializers.Serializer):
    """An approval rule in force; times in seconds since a ticket opens."""

    kind = serializers.CharField()
    version = serializers.IntegerField()
    description = serializers.CharField()
    role = serializers.CharField()
    required_approvals = serializers.IntegerField()
    warn_after_seconds = serializers.IntegerField()
    escalate_after_seconds = serializers.IntegerField()
    deadline_after_seconds = serializers.IntegerField()
    escalation_role = serializers.CharField()


class ConfigurationSerializer(serializers.Serializer):
    """Contracts and rules."""

    environment = serializers.CharField()
    version = serializers.CharField()
    chain = ChainSerializer()
    rules = RuleSerializer(many=True)
