"""The only room that reaches a key."""

from apps.chain.signer.keystore import Signed, SignedOtherwise, SignerUnavailable, sign

__all__ = ["Signed", "SignedOtherwise", "SignerUnavailable", "sign"]
