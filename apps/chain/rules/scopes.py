"""What a stop stops: scopes as text, from everything down to one kind of call."""

from apps.core.errors import Invalid

ALL = "all"


class UnknownScope(Invalid):
    """A stop is for everything, a chain, a signer or a kind of call."""


def of_chain(chain_id: int) -> str:
    """Everything on one chain."""
    return f"chain:{chain_id}"


def of_signer(chain_id: int, address: str) -> str:
    """Everything that one account signs."""
    return f"signer:{chain_id}:{address.lower()}"


def of_stream(chain_id: int, kind: str) -> str:
    """Every call of one kind on one chain."""
    return f"stream:{chain_id}:{kind}"


def that_cover(chain_id: int, signer: str, kind: str) -> list[str]:
    """Every scope under which this transaction stands, the widest first; ``signer`` may be ""."""
    scopes = [ALL, of_chain(chain_id)]
    if signer:
        scopes.append(of_signer(chain_id, signer))
    return [*scopes, of_stream(chain_id, kind)]


def chain_of(scope: str) -> int | None:
    """The chain that a scope is on, None for all of them.

    Raises:
        UnknownScope: it is no scope.
    """
    match scope.split(":"):
        case ["all"]:
            return None
        case ["chain", number] if number.isdecimal():
            return int(number)
        case ["signer" | "stream", number, subject] if number.isdecimal() and subject:
            return int(number)
    raise UnknownScope(f"{scope!r} is no scope of a stop.")


def is_signers(scope: str) -> bool:
    """Whether a scope is one signer's: its key itself is not to be used."""
    return scope.startswith("signer:")


def in_words(scope: str) -> str:
    """A scope for people.

    Raises:
        UnknownScope: it is no scope.
    """
    chain_id = chain_of(scope)
    match scope.split(":"):
        case ["signer", _, address]:
            return f"signer {address} on chain {chain_id}"
        case ["stream", _, kind]:
            return f"{kind.replace('_', ' ').lower()} on chain {chain_id}"
    return "everything" if chain_id is None else f"everything on chain {chain_id}"
