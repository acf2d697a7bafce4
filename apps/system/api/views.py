"""How the system is and what it is set to."""

from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core import clock
from apps.core.api import HasPerm
from apps.system.queries import configuration, health

from .serializers import ConfigurationSerializer, HealthSerializer


class HealthView(APIView):
    """One word for everyone; parts and figures for staff who may see them."""

    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="system_health",
        summary="How the system is",
        description=(
            "Anyone gets `status` (healthy, degraded or unhealthy). Staff who may see the system's "
            "health get its parts as well."
        ),
        responses=HealthSerializer,
        tags=["system"],
    )
    def get(self, request: Request) -> Response:
        """Answers 200 even when unhealthy: the answer itself is fine (probes have /readyz)."""
        in_full = request.user.has_perm("system.view_health")
        found = health.health(clock.now(), ask_workers=in_full)
        if not in_full:
            return Response({"status": found.status})
        return Response(HealthSerializer(found).data)


class ConfigurationView(APIView):
    """The contracts we watch and call, and the rules in force."""

    permission_classes = [HasPerm("system.view_health")]

    @extend_schema(
        operation_id="system_config",
        summary="Contracts and rules in force",
        responses=ConfigurationSerializer,
        tags=["system"],
    )
    def get(self, request: Request) -> Response:  # noqa: ARG002
        return Response(ConfigurationSerializer(configuration.configuration()).data)
