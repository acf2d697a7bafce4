"""What must never be written down: the other side may say it back to us."""

from django.conf import settings

_SETTINGS = ("SLACK_TOKEN", "TELEGRAM_TOKEN", "PAGERDUTY_KEY", "EMAIL_HOST_PASSWORD")


def blotted(text: str) -> str:
    """The text of another side without our tokens, keys and passwords."""
    for name in _SETTINGS:
        secret = getattr(settings, name)
        if secret:
            text = text.replace(secret, "[secret]")
    return text
