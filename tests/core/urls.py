"""A small site on the core's API base, admin excluded, to test what every view gets."""

from typing import Any, ClassVar

from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.urls import path
from rest_framework import exceptions, generics, serializers
from rest_framework.authentication import BasicAuthentication
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.core.api import AmountField, HasPerm
from apps.core.errors import Refused


class AlreadyDone(Refused):
    """For tests."""


class EchoSerializer(serializers.Serializer):
    request_id = serializers.IntegerField()
    gross_assets = AmountField()


class Open(APIView):
    authentication_classes: ClassVar[list[Any]] = []
    permission_classes: ClassVar[list[Any]] = []


class Echo(Open):
    def post(self, request: Request) -> Response:
        serializer = EchoSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        return Response(serializer.data)

    def get(self, request: Request) -> Response:
        return Response({"locked_nav": "1", "request_data": request.query_params.get("x")})


class Raise(Open):
    errors: ClassVar[dict[str, Exception]] = {
        "refused": AlreadyDone("It was done before.", ticket_id=7),
        "expired": exceptions.AuthenticationFailed("Too old.", code="token_expired"),
        "invalid": exceptions.AuthenticationFailed("Wrong."),
        "anonymous": exceptions.NotAuthenticated(),
        "throttled": exceptions.Throttled(wait=3.2),
        "validation": DjangoValidationError({"amount": ["No."]}),
        "database": OperationalError("secret host name"),
        "bug": RuntimeError("secret internals"),
    }

    def get(self, request: Request, name: str) -> Response:
        raise self.errors[name]


class Guarded(APIView):
    authentication_classes: ClassVar[list[Any]] = [BasicAuthentication]
    permission_classes: ClassVar[list[Any]] = [HasPerm("fund.view_snapshot")]

    def get(self, request: Request) -> Response:
        return Response({})


class Numbers(generics.ListAPIView):
    authentication_classes: ClassVar[list[Any]] = []
    permission_classes: ClassVar[list[Any]] = []
    filter_backends: ClassVar[list[Any]] = []

    class serializer_class(serializers.Serializer):  # noqa: N801
        number = serializers.IntegerField()

    def get_queryset(self) -> Any:
        return [{"number": number} for number in range(45)]


def page_with_bug(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("secret internals")


urlpatterns = [
    path("api/v1/echo", Echo.as_view()),
    path("api/v1/raise/<str:name>", Raise.as_view()),
    path("api/v1/guarded", Guarded.as_view()),
    path("api/v1/numbers", Numbers.as_view()),
    path("page", page_with_bug),
]

handler400 = "apps.core.api.bad_request"
handler403 = "apps.core.api.forbidden"
handler404 = "apps.core.api.not_found"
handler500 = "apps.core.api.server_error"
