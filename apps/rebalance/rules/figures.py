"""The words of planning: how the fund stands, what is wanted, what is to be done.

Amounts are base units of USDT unless they say tokens (a token's own base units); prices are USDT
per whole token with 18 decimals; ratios are basis points of gross assets (cash + asset value).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from apps.chain.terms import Method, Tier
from apps.core.units import BPS_ONE, bps_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """A tier's target and limits, bps of gross assets."""

    tier: Tier
    target_bps: int
    min_bps: int
    max_bps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """One asset of the register.

    ``price`` is what the contracts trade at; ``target_bps`` is its share of its tier;
    ``purchasable`` says that it is open for purchases now (active, within its window).
    ``expected_slippage_bps`` is what a trade is expected to lose, ``max_slippage_bps`` beyond what
    the contract refuses; ``gas_assets`` is what the gas of one trade is worth.
    """

    token: str
    symbol: str
    tier: Tier
    decimals: int
    balance: int
    price: int
    value: int
    target_bps: int
    purchasable: bool
    method: Method
    expected_slippage_bps: int
    max_slippage_bps: int
    min_purchase_assets: int
    gas_assets: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """The fund at one block, as far as planning needs it.

    ``cash`` is all USDT of the vault, ``spendable_cash`` without fees that are not the holders'.
    ``due_assets`` is what approved and standing redemptions will be paid within the horizon;
    ``liability_assets`` all that is owed. ``trade_assets_max`` is the most that one call may move
    by any wallet's limit, None when nothing limits it.
    """

    chain_id: int
    block_number: int
    block_hash: str
    at: datetime
    cash: int
    spendable_cash: int
    holdings: tuple[Holding, ...]
    bands: tuple[Band, ...]
    due_assets: int
    liability_assets: int
    trade_assets_max: int | None

    @property
    def gross(self) -> int:
        """Cash and the value of all holdings: what ratios are of."""
        return self.cash + sum(holding.value for holding in self.holdings)

    def tier_assets(self, tier: Tier) -> int:
        """A tier's value; cash is L1's."""
        held = sum(holding.value for holding in self.holdings if holding.tier is tier)
        return held + (self.cash if tier is Tier.L1 else 0)

    def ratio_bps(self, tier: Tier) -> int | None:
        """A tier's share, floor; None for an empty fund."""
        return bps_of(self.tier_assets(tier), self.gross)

    def band(self, tier: Tier) -> Band:
        """A tier's band."""
        return next(band for band in self.bands if band.tier is tier)

    def target_assets(self, tier: Tier) -> int:
        """A tier's value at its target, floor."""
        return self.gross * self.band(tier).target_bps // BPS_ONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Blackout:
    """Minutes of the UTC day in which nothing is executed, on the given weekdays (Monday is 0);
    ``end_minute`` is exclusive, and before ``start_minute`` when it is past midnight."""

    weekdays: tuple[int, ...]
    start_minute: int
    end_minute: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """What people decide about rebalancing; one row of ``Policy`` holds them, two people change
    them. Amounts are base units of USDT."""

    plan_assets_min: int = 10_000 * 10**18
    l1_low_bps: int = 800
    l1_high_bps: int = 1_500
    tier_deviation_bps: int = 500
    asset_weight_max_bps: int = 2_500
    top3_weight_max_bps: int = 6_000
    due_share_max_bps: int = 8_000
    horizon_hours: int = 72
    subscription_assets: int = 100_000 * 10**18
    move_bps: int = 500
    cooldown_minutes: int = 30
    stale_bps: int = 100
    projection_warn_bps: int = 100
    slippage_warn_bps: int = 200
    slippage_block_bps: int = 500
    gas_benefit_max_bps: int = 1_000
    l1_critical_bps: int = 800
    coverage_critical_bps: int = 10_000
    nav_volatility_max_bps: int = 500
    preview_minutes: int = 5
    approved_hours: int = 24
    expected_slippage_bps: int = 10
    gas_units_per_trade: int = 400_000
    native_price_assets: int = 600 * 10**18
    tier_drift_weight_bps: int = 100
    asset_drift_weight_bps: int = 20
    blackouts: tuple[Blackout, ...] = ()


class AimKind(StrEnum):
    """What a plan is for."""

    LIQUIDITY = "LIQUIDITY"
    """Refill L1, or raise ``raise_assets`` of cash beyond it."""
    DEPLOY = "DEPLOY"
    """Put L1's surplus to work."""
    TIERS = "TIERS"
    """Bring every tier back to its target."""
    WEIGHTS = "WEIGHTS"
    """Bring assets back to their weights, concentration first."""
    EXACT = "EXACT"
    """Exactly ``target_bps`` by tier."""
    REVERSE = "REVERSE"
    """Undo ``undo``: signed USDT by token, positive to buy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """What a plan is to reach. ``raise_assets`` is what LIQUIDITY raises; an EXACT aim that says it
    is as urgent."""

    kind: AimKind
    raise_assets: int = 0
    target_bps: Mapping[Tier, int] = field(default_factory=dict)
    undo: Mapping[str, int] = field(default_factory=dict)


class ActionKind(StrEnum):
    """What an action does."""

    REDEEM = "REDEEM"
    PURCHASE = "PURCHASE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One trade of a plan, in its place.

    A REDEEM sells exactly ``tokens`` and is expected to bring ``assets``, at least ``assets_min``;
    a PURCHASE spends exactly ``assets`` and is expected to bring ``tokens``, at least
    ``tokens_min``. Priorities: 0 cash for redemptions falling due, 1 refill L1 from L2, 2 refill L1
    from L3, 3 deploy surplus. ``position`` counts from 1; ``depends_on`` are positions whose
    proceeds this one spends.
    """

    position: int
    kind: ActionKind
    priority: int
    tier_from: Tier
    tier_to: Tier
    token: str
    symbol: str
    decimals: int
    assets: int
    tokens: int
    assets_min: int
    tokens_min: int
    method: Method
    slippage_bps: int
    slippage_assets: int
    gas_assets: int
    reason: str
    depends_on: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TierFigures:
    """A tier before the plan, after it as projected, and at its target (USDT base units)."""

    tier: Tier
    before: int
    after: int
    target: int
    before_bps: int | None
    after_bps: int | None
    target_bps: int


class Planner(StrEnum):
    """Who made the actions."""

    RULES = "RULES"
    OPTIMISER = "OPTIMISER"


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What a proposal costs, and what it leaves undone; the lower ``total`` is better.

    ``cost_assets`` is expected slippage and gas, ``drift_assets`` the weighted remaining drift.
    """

    planner: Planner
    cost_assets: int
    drift_assets: int

    @property
    def total(self) -> int:
        """Cost and remaining drift together."""
        return self.cost_assets + self.drift_assets


@dataclass(frozen=True, slots=True, kw_only=True)
class Blueprint:
    """A whole plan before it is anybody's: actions in order, figures, and who planned them.

    ``amount_assets`` is what changes places: the larger of all that is sold and all that is bought.
    ``scores`` has the chosen planner first.
    """

    aim: Aim
    actions: tuple[Action, ...]
    tiers: tuple[TierFigures, ...]
    amount_assets: int
    slippage_assets: int
    gas_assets: int
    planner: Planner
    scores: tuple[Score, ...]
    warnings: tuple[str, ...] = ()

    @property
    def cost_assets(self) -> int:
        """Expected slippage and gas."""
        return self.slippage_assets + self.gas_assets


@dataclass(frozen=True, slots=True, kw_only=True)
class NoPlan:
    """Nothing is to be done, and why."""

    reason: str
