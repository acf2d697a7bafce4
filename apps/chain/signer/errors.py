"""Why there is no signature. Neither names a secret."""

from apps.core.errors import Unavailable


class SignerUnavailable(Unavailable):
    """The key cannot be reached or must not be used; nothing was signed."""


class SignedOtherwise(Unavailable):
    """What came back from the key is not what was asked; it must not be sent."""
