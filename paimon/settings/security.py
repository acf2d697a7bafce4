"""Passwords, sessions, lock-out, signatures, tokens, content security policy."""

from datetime import timedelta

from csp.constants import NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE

from .environment import env

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
    "guardian.backends.ObjectPermissionBackend",
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
# The admin site, below accounts, reads these two by name.
ADMIN_LOGIN_FORM = "apps.accounts.forms.StaffAuthenticationForm"
ADMIN_ENROL_URL = "second_factor"
OTP_TOTP_ISSUER = "Paimon"

ANONYMOUS_USER_NAME = None  # guardian: nobody is somebody
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_ENABLE_ADMIN = False
AXES_HTTP_RESPONSE_CODE = 403
AXES_LOCKOUT_TEMPLATE = "accounts/locked_out.html"

SESSION_COOKIE_AGE = 8 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"

# unfold's Alpine needs eval and inline styles in the admin; scripts stay our own files.
# In the demo the page talks to the local node (development wallet) and to the WebSocket port.
_connect = [
    SELF,
    *filter(None, [env.str("PAIMON_WS_URL", ""), env.str("PAIMON_DEV_WALLET_URL", "")]),
]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, UNSAFE_EVAL],
        "style-src": [SELF, UNSAFE_INLINE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": _connect,
        # ReDoc searches the schema in a worker that it makes itself.
        "worker-src": [SELF, "blob:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

# Operation signatures and votes live five minutes; they name the chain that this function tells.
SIGNATURE_TTL_SECONDS = 300
SIGNING_CHAIN = "apps.chain.queries.fund_chain"

# REST tokens: Ed25519 (EdDSA) and no other algorithm. The key is PKCS#8 in PEM; where a line break
# cannot be written, backslash and n stand for it.
JWT_PRIVATE_KEY: str = env.str("PAIMON_JWT_PRIVATE_KEY").replace("\\n", "\n")
JWT_AUDIENCE = "paimon-api"
JWT_ISSUER = "paimon"
JWT_ACCESS_LIFETIME = timedelta(minutes=15)
JWT_REFRESH_LIFETIME = timedelta(days=7)
