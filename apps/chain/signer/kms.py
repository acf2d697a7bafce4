"""A key that never leaves AWS KMS: the primary region first, then its replicas.

Trouble that passes (throttling, time-outs, 5xx, no connection) moves on to the next region. A key
that is disabled, missing or forbidden was made so by somebody, perhaps to stop us: that is
reported and not gone around. Credentials come as AWS's own tools take them.
"""

import logging
import time
from collections.abc import Callable
from functools import cached_property
from typing import Any, Protocol, cast

import boto3
from botocore import exceptions as boto
from botocore.config import Config
from botocore.parsers import ResponseParserError
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from apps.chain.config import KmsKey, KmsPlace
from apps.chain.signer import curve
from apps.chain.signer.errors import SignedOtherwise, SignerUnavailable
from apps.chain.signer.patience import Line, TookTooLong

log = logging.getLogger(__name__)

PLACE_SECONDS_MAX = 4.0
"""For one region, with finding credentials and opening the connection."""
BUDGET_SECONDS = 10.0
"""For one signature, over all regions."""
_CONNECT_SECONDS, _READ_SECONDS = 1.0, 2.0
_PASSING_CODES = frozenset(
    {
        "DependencyTimeoutException",
        "InternalFailure",
        "KMSInternalException",
        "KeyUnavailableException",
        "LimitExceededException",
        "RequestLimitExceeded",
        "ServiceUnavailable",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
_NO_ANSWER = (TookTooLong, boto.ConnectionError, boto.HTTPClientError, ResponseParserError)
_UNREADABLE = (ValueError, TypeError, AttributeError, RecursionError)
"""How botocore fails over an answer that is not KMS's, of a proxy for instance."""
_IN_WORDS = {
    "DisabledException": "is disabled",
    "NotFoundException": "does not exist",
    "AccessDeniedException": "may not be used with these credentials",
    "KMSInvalidStateException": "is in no state to be used, perhaps about to be deleted",
    "InvalidKeyUsageException": "is not made for signing",
}

_Answer = dict[str, Any]


class _Client(Protocol):
    """What we use of boto3's KMS client, which has no types of its own."""

    def get_public_key(self, *, KeyId: str) -> _Answer: ...  # noqa: N803 - AWS's names
    def sign(
        self,
        *,
        KeyId: str,  # noqa: N803
        Message: bytes,  # noqa: N803
        MessageType: str,  # noqa: N803
        SigningAlgorithm: str,  # noqa: N803
    ) -> _Answer: ...


class _Passing(Exception):
    """A region has no answer now and may have one soon."""


class KmsSigner:
    """One multi-Region key (key spec ECC_SECG_P256K1, usage SIGN_VERIFY)."""

    def __init__(self, name: str, key: KmsKey) -> None:
        self._name = name
        self._places = tuple(_Place(place) for place in key.places)

    def address(self) -> str:
        """Ask every region; those that answer must hold the same key."""
        addresses: dict[str, str] = {}
        troubles = []
        for place in self._places:
            try:
                addresses[place.label] = place.address()
            except _Passing as trouble:
                log.warning("signer %s: %s", self._name, trouble)
                troubles.append(str(trouble))
        if not addresses:
            raise SignerUnavailable(self._nobody_answers(troubles))
        if len(set(addresses.values())) > 1:
            held = ", ".join(f"{label} is of {address}" for label, address in addresses.items())
            raise SignerUnavailable(f"The regions of signer {self._name} hold other keys: {held}.")
        return next(iter(addresses.values()))

    def sign_digest(self, digest: bytes) -> tuple[int, int]:
        """Sign in the first region that answers."""
        deadline = time.monotonic() + BUDGET_SECONDS
        troubles = []
        for place in self._places:
            left = deadline - time.monotonic()
            if left <= 0:
                break
            try:
                return place.sign(digest, seconds=min(left, PLACE_SECONDS_MAX))
            except _Passing as trouble:
                log.warning("signer %s: %s", self._name, trouble)
                troubles.append(str(trouble))
        raise SignerUnavailable(self._nobody_answers(troubles))

    def _nobody_answers(self, troubles: list[str]) -> str:
        return f"No region of signer {self._name} answers: {'; '.join(troubles)}."


class _Place:
    """One region's copy of the key."""

    def __init__(self, place: KmsPlace) -> None:
        self._place = place
        self.label = f"the key {place.key_id} in {place.region}"
        self._line = Line(f"AWS KMS in {place.region}")

    def address(self) -> str:
        answer = self._ask(
            lambda client: client.get_public_key(KeyId=self._place.key_id),
            seconds=PLACE_SECONDS_MAX,
        )
        return curve.address_of(self._part(answer, "PublicKey"))

    def sign(self, digest: bytes, *, seconds: float) -> tuple[int, int]:
        answer = self._ask(
            lambda client: client.sign(
                KeyId=self._place.key_id,
                Message=digest,
                MessageType="DIGEST",  # else KMS would hash it again
                SigningAlgorithm="ECDSA_SHA_256",  # any 32 bytes; Ethereum's are a keccak-256
            ),
            seconds=seconds,
        )
        try:
            return decode_dss_signature(self._part(answer, "Signature"))
        except ValueError as error:
            raise SignedOtherwise(f"What {self.label} returned is no signature.") from error

    def _ask(self, call: Callable[[_Client], _Answer], *, seconds: float) -> _Answer:
        try:
            return self._line.call(lambda: call(self._client), seconds=seconds)
        except boto.ClientError as error:
            raise self._refusal(error) from error
        except _NO_ANSWER as error:
            raise _Passing(f"{self._place.region}: {type(error).__name__}") from error
        except boto.BotoCoreError as error:  # no credentials, no such region, …
            # A client made without credentials would stay without them.
            self.__dict__.pop("_client", None)
            raise SignerUnavailable(f"{self.label} cannot be asked: {error}") from error
        except _UNREADABLE as error:
            raise _Passing(f"{self._place.region}: an answer that cannot be read") from error

    def _refusal(self, error: boto.ClientError) -> Exception:
        """Their no as ours. AWS's own text is left out: it names accounts and roles."""
        code = str(error.response.get("Error", {}).get("Code", "?"))
        status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
        if code in _PASSING_CODES or status == 429 or status >= 500:
            return _Passing(f"{self._place.region}: {code} ({status})")
        return SignerUnavailable(f"{self.label} {_IN_WORDS.get(code, f'is refused: {code}')}.")

    def _part(self, answer: _Answer, name: str) -> bytes:
        part = answer.get(name)
        if not isinstance(part, bytes):  # cut off on its way, or not by KMS at all
            raise _Passing(f"{self._place.region}: an answer without {name}")
        return part

    @cached_property
    def _client(self) -> _Client:
        client = boto3.session.Session().client(
            "kms",
            region_name=self._place.region,
            endpoint_url=self._place.endpoint_url or None,
            config=Config(
                connect_timeout=_CONNECT_SECONDS,
                read_timeout=_READ_SECONDS,
                # The next region is a better second try than the same one.
                retries={"mode": "standard", "total_max_attempts": 1},
            ),
        )
        return cast("_Client", client)
