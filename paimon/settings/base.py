"""What holds everywhere. Each environment value is typed and documented in .env.example."""

from pathlib import Path

import dj_database_url

from .environment import env

BASE_DIR = Path(__file__).resolve().parent.parent.parent

# -- Identity --------------------------------------------------------------------------------------

SECRET_KEY: str = env.str("PAIMON_SECRET_KEY")
ENVIRONMENT: str = env.str("PAIMON_ENVIRONMENT", "DEVELOPMENT")
DEMO: bool = env.bool("PAIMON_DEMO", False)
BASE_URL: str = env.str("PAIMON_BASE_URL", "http://127.0.0.1:8000").rstrip("/")
WS_URL: str = env.str("PAIMON_WS_URL", "")
ALLOWED_HOSTS: list[str] = env.list("PAIMON_ALLOWED_HOSTS", ["127.0.0.1", "localhost"])
DEBUG = False

# -- Apps ------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "paimon.apps.PaimonConfig",
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "paimon.apps.PaimonAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "axes",
    "guardian",
    "auditlog",
    "django_fsm",
    "django_filters",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "channels",
    "apps.core",
    "apps.audit",
    "apps.accounts",
    "apps.approvals",
    "apps.chain",
    "apps.oracle",
    "apps.fund",
    "apps.redemptions",
    "apps.rebalance",
    "apps.risk",
    "apps.reports",
    "apps.notifications",
    "apps.system",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "apps.core.middleware.RequestIdMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "auditlog.middleware.AuditlogMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "paimon.urls"
WSGI_APPLICATION = "paimon.wsgi.application"
ASGI_APPLICATION = "paimon.asgi.application"
FACT_SUBSCRIPTIONS = "paimon.subscriptions"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# -- Stores ----------------------------------------------------------------------------------------

# lock < idle in transaction < statement < web timeout: the innermost gives up first.
DATABASE_TIMEOUTS = (
    "-c lock_timeout=5s -c idle_in_transaction_session_timeout=15s -c statement_timeout=25s"
)
DATABASES = {
    "default": {
        **dj_database_url.parse(env.str("DATABASE_URL")),
        "ATOMIC_REQUESTS": False,
        "CONN_MAX_AGE": env.int("PAIMON_DB_CONN_MAX_AGE", 60),
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"options": DATABASE_TIMEOUTS, "application_name": "paimon"},
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL: str = env.str("REDIS_URL")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "paimon",
    }
}

# -- Time, language, files -------------------------------------------------------------------------

USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en-gb"
USE_I18N = False
STATIC_URL = "/static/"
STATIC_ROOT = Path(env.str("PAIMON_STATIC_ROOT", str(BASE_DIR / "staticfiles")))
STATICFILES_DIRS = [BASE_DIR / "static"]

# -- Mail ------------------------------------------------------------------------------------------

_mail = env.dj_email_url("EMAIL_URL", "smtp://127.0.0.1:25")
EMAIL_BACKEND = _mail["EMAIL_BACKEND"].replace(
    "django.core.mail.backends.smtp", "apps.notifications.delivery.smtp"
)
EMAIL_HOST = _mail["EMAIL_HOST"]
EMAIL_PORT = _mail["EMAIL_PORT"]
EMAIL_HOST_USER = _mail["EMAIL_HOST_USER"]
EMAIL_HOST_PASSWORD = _mail["EMAIL_HOST_PASSWORD"]
EMAIL_USE_TLS = _mail.get("EMAIL_USE_TLS", False)
EMAIL_USE_SSL = _mail.get("EMAIL_USE_SSL", False)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL: str = env.str("PAIMON_MAIL_FROM", "Paimon <backoffice@paimon.invalid>")

# -- Chain -----------------------------------------------------------------------------------------

CHAIN_FILE: str = env.str("PAIMON_CHAIN_FILE")
SETTLE_DUE_AUTOMATICALLY: bool = env.bool("PAIMON_SETTLE_DUE_AUTOMATICALLY", True)
LISTENER_POLL_SECONDS: float = env.float("PAIMON_LISTENER_POLL_SECONDS", 0.2)
RPC_TIMEOUT_SECONDS: float = env.float("PAIMON_RPC_TIMEOUT_SECONDS", 3.0)
SENDER_POLL_SECONDS: float = env.float("PAIMON_SENDER_POLL_SECONDS", 0.5)
DEV_WALLET_URL: str = env.str("PAIMON_DEV_WALLET_URL", "")
ORACLE_ALLOW_HTTP: bool = env.bool("PAIMON_ORACLE_ALLOW_HTTP", False)

# -- Logs ------------------------------------------------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "%(asctime)s %(levelname)-7s %(name)s %(message)s"},
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("PAIMON_LOG_LEVEL", "INFO")},
    # A line for every tick of the clock would bury the lines that matter.
    "loggers": {
        name: {"level": "WARNING"}
        for name in ("axes", "celery.beat", "celery.worker.strategy", "celery.app.trace")
    },
}

from .admin import *  # noqa: E402,F403
from .api import *  # noqa: E402,F403
from .celery import *  # noqa: E402,F403
from .messages import *  # noqa: E402,F403
from .security import *  # noqa: E402,F403
