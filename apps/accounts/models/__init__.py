"""People, what they sign with, and their REST sign-ins."""

from apps.accounts.models.people import User, Wallet
from apps.accounts.models.sessions import ApiSession
from apps.accounts.models.signatures import Nonce

__all__ = ["ApiSession", "Nonce", "User", "Wallet"]
