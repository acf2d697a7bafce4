"""The second factor of the demo's staff, for people without an authenticator app at hand."""

import base64
import hashlib
import hmac
import struct
import time

STEP_SECONDS = 30
DIGITS = 6


def totp_code(secret: str, at: float | None = None) -> str:
    """Return the code that a Base32 secret shows at a Unix time, now by default (RFC 6238)."""
    step = int(time.time() if at is None else at) // STEP_SECONDS
    key = base64.b32decode(secret.upper() + "=" * (-len(secret) % 8))
    digest = hmac.new(key, struct.pack(">Q", step), hashlib.sha1).digest()
    offset = digest[-1] & 0x0F
    number = struct.unpack(">I", digest[offset : offset + 4])[0] & 0x7FFFFFFF
    return f"{number % 10**DIGITS:0{DIGITS}d}"
