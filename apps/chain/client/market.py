"""What a place in a block costs now, as a node tells it."""

from apps.chain.client.answers import quantity
from apps.chain.client.rpc import ChainUnavailable, Reader, RpcRefused
from apps.chain.rules.fees import Market


def read_market(client: Reader) -> Market:
    """What the newest block asks, and what the node suggests.

    Raises:
        ChainUnavailable: no node answers, or it tells no block.
    """
    block, tip = client.batch(
        [("eth_getBlockByNumber", ["latest", False]), ("eth_maxPriorityFeePerGas", [])]
    )
    if isinstance(block, RpcRefused) or not isinstance(block, dict):
        raise ChainUnavailable("The node gave no block to take fees from.")
    try:
        return Market(
            base_fee=quantity(block.get("baseFeePerGas") or "0x0"),
            priority=quantity(tip) if isinstance(tip, str) else 0,
        )
    except (TypeError, ValueError) as error:
        raise ChainUnavailable(f"The node's fees make no sense: {error}.") from error
