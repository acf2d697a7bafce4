"""Tests: real PostgreSQL and Redis from the environment that devstack.pytest_plugin sets."""

from typing import Any

from .base import *  # noqa: F403
from .base import DATABASE_TIMEOUTS, DATABASES, REST_FRAMEWORK

ALLOWED_HOSTS = ["*"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
STATIC_ROOT = None  # type: ignore[assignment]  # served from where the files lie
WHITENOISE_USE_FINDERS = True
# Argon2 with its production cost would be half of the suite's time.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
REST_FRAMEWORK = {**REST_FRAMEWORK, "DEFAULT_THROTTLE_CLASSES": []}
# A test may hold its transaction open while a chain is played on the side.
_database: dict[str, Any] = DATABASES["default"]
_database["OPTIONS"]["options"] = f"{DATABASE_TIMEOUTS} -c idle_in_transaction_session_timeout=0"
# On a busy machine the test's own node may take its time.
RPC_TIMEOUT_SECONDS = 30.0
