"""Wallets that are contracts, such as a Safe: only they know whether a signature is theirs."""

from django.core.exceptions import ImproperlyConfigured

from apps.chain.client import ChainUnavailable, NodeTrouble, Reader, RpcRefused
from apps.chain.contracts import contract_wallet
from apps.chain.queries.fund import fund_chain
from apps.chain.queries.nodes import web_client

_SIGNATURE_BYTES_MAX = 8_192
"""Well above what a Safe of a hundred owners gives; nodes need not carry more for anybody."""
_GAS = hex(5_000_000)
"""Several times what a hundred owners cost; a contract that uses it up takes milliseconds to do so,
where a node's own limit may be seconds, and the node would be blamed."""


def contract_wallet_accepts(*, address: str, digest: bytes, signature: bytes) -> bool:
    """Ask the contract at an address, at the fund chain's newest block, about a signature.

    False also when there is no contract, when it fails or has not enough of a wallet's usual gas,
    and when there is no chain that it could be on.

    Raises:
        ChainUnavailable: no node answers within seconds.
    """
    if len(signature) > _SIGNATURE_BYTES_MAX:
        return False
    try:
        client = web_client(fund_chain())
    except ImproperlyConfigured:
        return False
    asked = {"to": address, "data": contract_wallet.question(digest, signature), "gas": _GAS}
    # A yes lets somebody in: where there are two nodes, one's word for it is not enough.
    node = client.pin()
    witness = client.other(node)
    readers: list[Reader] = [client] if witness is None else [node, witness]
    return all(_says_yes(reader, asked) for reader in readers)


def _says_yes(reader: Reader, asked: dict[str, str]) -> bool:
    try:
        answer = reader.call("eth_call", asked, "latest")
    except RpcRefused as refused:
        if refused.is_of_contract:
            return False
        raise ChainUnavailable("No node could ask the wallet's contract.") from refused
    except NodeTrouble as trouble:
        raise ChainUnavailable("A node does not answer about the wallet's contract.") from trouble
    return isinstance(answer, str) and contract_wallet.is_yes(answer)
