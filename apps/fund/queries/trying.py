"""What the contracts would say to a new asset, before anybody is asked."""

from dataclasses import dataclass

from apps.chain import queries as chain
from apps.chain.calls import AddAsset
from apps.chain.terms import Tier


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """Whether the controller would list a token at a block, and if not, why; ``price_assets`` is
    what the fund's oracle adapter says of it (assets per whole token), None when it knows none."""

    ok: bool
    error: str
    block_number: int
    price_assets: int | None


def try_adding(*, chain_id: int, token: str, tier: Tier, share_bps: int) -> Trial:
    """Let the controller try to list a token, without sending anything, and ask for its price.

    Raises:
        ChainUnavailable: no node answers.
    """
    run = chain.dry_run(
        AddAsset(chain_id=chain_id, token=token, tier=tier, allocation_bps=share_bps)
    )
    said = chain.read_prices({}, [token]).adapter.get(token)
    return Trial(
        ok=run.ok,
        error=run.error,
        block_number=run.block_number,
        price_assets=said.price if said else None,
    )
