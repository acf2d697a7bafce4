"""Production: refuses to start on what is only fit for a desk."""

from django.core.exceptions import ImproperlyConfigured

from .base import *  # noqa: F403
from .base import (
    BASE_URL,
    DEMO,
    DEV_WALLET_URL,
    ORACLE_ALLOW_HTTP,
    PAGERDUTY_URL,
    SECRET_KEY,
    SLACK_API_URL,
    TELEGRAM_API_URL,
)

SECURE_SSL_REDIRECT = True
SECURE_HSTS_SECONDS = 365 * 24 * 3600
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
CSRF_TRUSTED_ORIGINS = [BASE_URL]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

_problems = [
    sentence
    for broken, sentence in (
        (DEMO, "PAIMON_DEMO must not be set"),
        (bool(DEV_WALLET_URL), "PAIMON_DEV_WALLET_URL must not be set"),
        (ORACLE_ALLOW_HTTP, "PAIMON_ORACLE_ALLOW_HTTP must not be set"),
        (not BASE_URL.startswith("https://"), "PAIMON_BASE_URL must start with https://"),
        (not SLACK_API_URL.startswith("https://"), "PAIMON_SLACK_API_URL must be https"),
        (not TELEGRAM_API_URL.startswith("https://"), "PAIMON_TELEGRAM_API_URL must be https"),
        (not PAGERDUTY_URL.startswith("https://"), "PAIMON_PAGERDUTY_URL must be https"),
        (len(SECRET_KEY) < 50, "PAIMON_SECRET_KEY must have at least 50 characters"),
    )
    if broken
]
if _problems:
    raise ImproperlyConfigured("Refusing to start in production: " + "; ".join(_problems) + ".")
