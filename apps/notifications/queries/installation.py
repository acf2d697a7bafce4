"""Which installation speaks."""

from django.conf import settings


def installation() -> str:
    """What messages call it: "Paimon", and which one where it is not production."""
    return "Paimon" if settings.ENVIRONMENT == "PRODUCTION" else f"Paimon {settings.ENVIRONMENT}"
