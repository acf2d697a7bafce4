"""The fund as planning needs it: its contracts at the newest final block, and rows of ours."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from statistics import median_high

from apps.chain import queries as chain
from apps.chain.calls import PurchaseAsset, RedeemAsset
from apps.chain.queries import FundState
from apps.chain.terms import Method, Tier
from apps.core.errors import Unavailable
from apps.core.units import WAD
from apps.rebalance.models import Leg, LegStatus
from apps.rebalance.rules.figures import Band, Holding, Parameters, Situation
from apps.redemptions import queries as redemptions

from .policy import policy

LAST_TRADES = 10
"""So many trades of an asset say what its next one is expected to lose."""


class SituationUnknown(Unavailable):
    """A figure that planning needs is not known; nobody plans with a guess."""


def situation_now(*, chain_id: int, at: datetime) -> Situation:
    """How the fund stands at the newest final block; asks a node, so never inside a transaction.

    Raises:
        ChainUnavailable: no node answers, or there is no final block yet.
        SituationUnknown: a figure is not known; the message says which.
        NoPolicy: no parameters are in force.
    """
    _, parameters = policy()
    state = chain.read_fund_state()
    until = state.block.time + timedelta(hours=parameters.horizon_hours)
    return situation_of(
        state,
        chain_id=chain_id,
        parameters=parameters,
        realised_slippage_bps=realised_slippage(),
        gas_price_wei=chain.gas_price(chain_id),
        due_assets=due_assets(chain_id=chain_id, until=until),
        trade_assets_max=trade_assets_max(chain_id=chain_id, at=at),
    )


def situation_of(
    state: FundState,
    *,
    chain_id: int,
    parameters: Parameters,
    realised_slippage_bps: Mapping[str, int],
    gas_price_wei: int,
    due_assets: int,
    trade_assets_max: int | None,
) -> Situation:
    """The same from what was read.

    Raises:
        SituationUnknown: a figure is not known; the message says which.
    """
    if state.breakdown is None:
        raise SituationUnknown("The vault does not say how much cash it has.")
    if state.withdrawable_redemption_fees is None:
        raise SituationUnknown("The vault does not say how much of its cash are fees.")
    # wei × units is in 1e-18 of a native coin; what it is worth is rounded up
    gas_assets = -(
        -gas_price_wei * parameters.gas_units_per_trade * parameters.native_price_assets // WAD
    )
    cash = state.breakdown.layer1_cash
    return Situation(
        chain_id=chain_id,
        block_number=state.block.number,
        block_hash=state.block.hash,
        at=state.block.time,
        cash=cash,
        spendable_cash=max(cash - state.withdrawable_redemption_fees, 0),
        holdings=tuple(
            _holdings(
                state,
                parameters=parameters,
                realised_slippage_bps=realised_slippage_bps,
                gas_assets=gas_assets,
            )
        ),
        bands=_bands(state),
        due_assets=due_assets,
        liability_assets=state.vault.total_redemption_liability,
        trade_assets_max=trade_assets_max,
    )


def due_assets(*, chain_id: int, until: datetime) -> int:
    """What redemptions settling until then will be paid, net (base units).

    One that still waits for approval is not owed yet. One with a voucher is: its owner settles it.
    """
    due = redemptions.active().exclude(status="PENDING_APPROVAL")
    return redemptions.totals(due.filter(chain_id=chain_id, settles_at__lte=until)).net_assets


def realised_slippage() -> dict[str, int]:
    """What the last trades of each asset lost, by token: the median in bps, the higher of two."""
    known = Leg.objects.filter(status=LegStatus.DONE, slippage_bps_realised__isnull=False)
    lost: dict[str, list[int]] = {}
    newest = known.order_by("-finished_at", "-id").values_list("token", "slippage_bps_realised")
    for token, bps in newest[: LAST_TRADES * 100]:
        trades = lost.setdefault(token, [])
        if bps is not None and len(trades) < LAST_TRADES:
            trades.append(bps)
    return {token: median_high(trades) for token, trades in lost.items()}


def trade_assets_max(*, chain_id: int, at: datetime) -> int:
    """The most that one call may move, by the roomiest wallet that may send purchases and sales
    (base units); 0 when no wallet may."""
    return min(
        max(
            (
                room.per_transaction_assets
                for room in chain.signing_room(chain_id=chain_id, kind=call.kind, at=at)
            ),
            default=0,
        )
        for call in (PurchaseAsset, RedeemAsset)
    )


def _holdings(
    state: FundState,
    *,
    parameters: Parameters,
    realised_slippage_bps: Mapping[str, int],
    gas_assets: int,
) -> Iterator[Holding]:
    """What the register lists; what is neither held nor traded any more is left out."""
    for asset in state.assets:
        if not asset.active and asset.balance == 0:
            continue
        if asset.balance is None:
            raise SituationUnknown(f"How much {asset.symbol} the vault holds is not known.")
        # Of what is not held nothing is wrong without a price: it is only not bought.
        if asset.balance > 0 and (not asset.price or asset.value_assets is None):
            raise SituationUnknown(f"The contracts have no price of {asset.symbol}.")
        opens, closes, now = asset.subscription_start, asset.subscription_end, state.block.time
        yield Holding(
            token=asset.token,
            symbol=asset.symbol,
            tier=asset.tier,
            decimals=asset.decimals,
            balance=asset.balance,
            price=asset.price or 0,
            value=asset.value_assets or 0,
            target_bps=asset.target_bps,
            purchasable=asset.active
            and (opens is None or opens <= now)
            and (closes is None or now < closes),
            method=Method(asset.purchase_method),
            expected_slippage_bps=max(
                parameters.expected_slippage_bps, realised_slippage_bps.get(asset.token, 0)
            ),
            max_slippage_bps=asset.max_slippage_bps,
            min_purchase_assets=asset.min_purchase_assets,
            gas_assets=gas_assets,
        )


def _bands(state: FundState) -> tuple[Band, ...]:
    if {band.tier for band in state.tiers} != set(Tier):
        raise SituationUnknown("The contracts do not say the tiers' targets and bands.")
    return tuple(
        Band(
            tier=band.tier,
            target_bps=band.target_bps,
            min_bps=band.min_bps,
            max_bps=band.max_bps,
        )
        for band in state.tiers
    )
