"""Tests: real PostgreSQL and Redis from the environment that devstack.pytest_plugin sets."""

from .base import *  # noqa: F403
from .base import REST_FRAMEWORK

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
