"""The only room that reaches a key.

``sign`` and ``check`` are all that others need. Where a key lives is one file each (``keystore``,
``kms``, ``pkcs11``), and all that such a file does is tell its address and sign 32 bytes; what
those bytes are, and whether what came back is what was asked, is decided once, in ``signing``.
"""

from apps.chain.signer.errors import SignedOtherwise, SignerUnavailable
from apps.chain.signer.signing import Signed, check, sign

__all__ = ["Signed", "SignedOtherwise", "SignerUnavailable", "check", "sign"]
