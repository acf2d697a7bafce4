"""REST: envelope, authentication, schema, rates."""

from .environment import env

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "apps.accounts.api.authentication.AccessTokenAuthentication"
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["apps.core.api.EnvelopeRenderer"],
    "DEFAULT_PARSER_CLASSES": ["apps.core.api.StrictJSONParser"],
    "DEFAULT_PAGINATION_CLASS": "apps.core.api.Pagination",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "apps.core.api.exception_handler",
    "DEFAULT_THROTTLE_CLASSES": [
        "rest_framework.throttling.AnonRateThrottle",
        "rest_framework.throttling.UserRateThrottle",
    ],
    "DEFAULT_THROTTLE_RATES": {
        "anon": env.str("PAIMON_RATE_ANONYMOUS", "100/min"),
        "user": env.str("PAIMON_RATE_USER", "100/min"),
        "auth": env.str("PAIMON_RATE_AUTH", "10/min"),
        "bounces": env.str("PAIMON_RATE_BOUNCES", "300/min"),
    },
    "NUM_PROXIES": env.int("PAIMON_TRUSTED_PROXIES", 0),
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "JSON_UNDERSCOREIZE": {"no_underscore_before_number": True},
}

SPECTACULAR_SETTINGS = {
    "TITLE": "Paimon Prime Fund back-office",
    "DESCRIPTION": "Fund data, redemptions, approvals and reports of the Paimon Prime Fund.",
    "VERSION": "1.0.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "drf_spectacular.contrib.djangorestframework_camel_case.camelize_serializer_fields",
        "apps.core.api.schema.envelope_answers",
    ],
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "ReportKind": [
            (name, name.capitalize()) for name in ("DAILY", "CUSTOM", "LIQUIDITY", "INCIDENT")
        ],
        "ReportStatus": [
            (name, name.capitalize()) for name in ("QUEUED", "RUNNING", "READY", "FAILED")
        ],
    },
}
