"""What must hold before a chain is read at all."""

from apps.chain.client import Client, blocks
from apps.chain.config import BadChainFile, ChainConfig


def check_chain(config: ChainConfig, client: Client) -> None:
    """Make sure that the nodes are of this chain and that every contract is there.

    Raises:
        BadChainFile: an address holds no contract.
        ChainUnavailable: no node answers, or none of this chain.
    """
    latest = blocks.header_of(client.call("eth_getBlockByNumber", "latest", False))
    due = [contract for contract in config.contracts if contract.start_block <= latest.number]
    codes = client.batch([("eth_getCode", [contract.address, "latest"]) for contract in due])
    for contract, code in zip(due, codes, strict=True):
        if code in (None, "0x", "0x0"):
            raise BadChainFile(
                f"Chain {config.name} ({config.chain_id}): there is no contract at "
                f"{contract.address}, which the chain file calls the {contract.kind}."
            )
