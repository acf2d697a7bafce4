"""Where messages go beside mail: shared places of all staff. What is empty is not configured."""

from urllib.parse import urlsplit

from environs import ValidationError

from .environment import env


def _web_address(value: str) -> None:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValidationError("It must be a web address: https://…")


SLACK_TOKEN: str = env.str("PAIMON_SLACK_TOKEN", "")
SLACK_CHANNEL: str = env.str("PAIMON_SLACK_CHANNEL", "")
SLACK_CRITICAL_CHANNEL: str = env.str("PAIMON_SLACK_CRITICAL_CHANNEL", "")
SLACK_API_URL: str = env.str(
    "PAIMON_SLACK_API_URL", "https://slack.com/api/", validate=_web_address
)
TELEGRAM_TOKEN: str = env.str("PAIMON_TELEGRAM_TOKEN", "")
TELEGRAM_CHAT: str = env.str("PAIMON_TELEGRAM_CHAT", "")
TELEGRAM_API_URL: str = env.str(
    "PAIMON_TELEGRAM_API_URL", "https://api.telegram.org", validate=_web_address
)
PAGERDUTY_KEY: str = env.str("PAIMON_PAGERDUTY_KEY", "")
PAGERDUTY_URL: str = env.str(
    "PAIMON_PAGERDUTY_URL", "https://events.pagerduty.com/v2/enqueue", validate=_web_address
)
# What a mail provider shows when it tells of a bounce; empty: nobody may tell.
MAIL_BOUNCE_SECRET: str = env.str("PAIMON_MAIL_BOUNCE_SECRET", "")
