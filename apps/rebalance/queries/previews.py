"""A preview as people look at it: every asset before and after, what it costs, who would decide."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.chain.terms import Tier
from apps.core.units import BPS_ONE, bps_of
from apps.fund import queries as fund
from apps.rebalance.models import Preview
from apps.rebalance.rules import frozen
from apps.rebalance.rules.assessing import assess
from apps.rebalance.rules.calls import call_of
from apps.rebalance.rules.figures import Action, ActionKind, Blueprint, Holding, Situation

from .approval import NeededApproval, approval_of
from .policy import policy

CASH = "USDT"


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetRow:
    """An asset, or cash (``token`` empty), before and after; USDT base units, bps of all assets.

    ``change_assets`` is what is bought (positive) or sold (negative); the band is its tier's.
    """

    token: str
    symbol: str
    tier: str
    value: int
    weight_bps: int | None
    target_bps: int
    tier_min_bps: int
    tier_max_bps: int
    change_assets: int
    value_after: int
    weight_after_bps: int | None

    @property
    def drift_bps(self) -> int | None:
        """Weight − target."""
        return None if self.weight_bps is None else self.weight_bps - self.target_bps

    @property
    def drift_after_bps(self) -> int | None:
        """Weight after − target."""
        return None if self.weight_after_bps is None else self.weight_after_bps - self.target_bps


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewView:
    """A preview with its figures. ``due_assets`` is what redemptions within the horizon will be
    paid, ``l1_after`` what L1 has for it then; ``risk`` is what a ticket would say of it."""

    preview: Preview
    situation: Situation
    blueprint: Blueprint
    assets: Sequence[AssetRow]
    approval: NeededApproval
    risk: Mapping[str, Any]
    cost_bps: int | None
    l1_after: int
    expired: bool

    @property
    def due_assets(self) -> int:
        """What falls due within the horizon."""
        return self.situation.due_assets

    @property
    def due_covered(self) -> bool:
        """Whether L1 alone would then pay for all that falls due."""
        return self.l1_after >= self.due_assets


def preview_view(row: Preview, *, at: datetime) -> PreviewView:
    """A stored preview, and who would decide about it now."""
    situation = frozen.situation_from_json(row.situation)
    blueprint = frozen.blueprint_from_json(row.blueprint)
    return PreviewView(
        preview=row,
        situation=situation,
        blueprint=blueprint,
        assets=asset_rows(situation, blueprint.actions),
        approval=approval_of(
            chain_id=row.chain_id,
            amount_assets=blueprint.amount_assets,
            calls=[call_of(row.chain_id, action) for action in blueprint.actions],
            at=at,
        ),
        cost_bps=bps_of(blueprint.cost_assets, blueprint.amount_assets),
        risk=_risk(situation, blueprint, at=at),
        l1_after=next(tier.after for tier in blueprint.tiers if tier.tier is Tier.L1),
        expired=row.expires_at <= at,
    )


def _risk(situation: Situation, blueprint: Blueprint, *, at: datetime) -> Mapping[str, Any]:
    _version, parameters = policy()
    state = fund.risk_state(at=at)
    return assess(
        situation=situation,
        blueprint=blueprint,
        parameters=parameters,
        risk_level=state.level if state else "",
    )


def asset_rows(situation: Situation, actions: Sequence[Action]) -> list[AssetRow]:
    """Cash and every holding, by tier, before and after these trades at the situation's prices."""
    after = {holding.token: holding.value for holding in situation.holdings}
    cash_after = situation.cash
    change: dict[str, int] = {}
    prices = {holding.token: holding for holding in situation.holdings}
    for action in actions:
        worth = _worth(prices[action.token], action.tokens)
        sign = -1 if action.kind is ActionKind.REDEEM else 1
        after[action.token] += sign * worth
        cash_after -= sign * action.assets
        change[action.token] = change.get(action.token, 0) + sign * action.assets
    gross_after = cash_after + sum(after.values())
    bands = {band.tier: band for band in situation.bands}
    given = sum(holding.target_bps for holding in situation.holdings if holding.tier is Tier.L1)
    cash = AssetRow(
        token="",
        symbol=CASH,
        tier="L1",
        value=situation.cash,
        weight_bps=bps_of(situation.cash, situation.gross),
        target_bps=bands[Tier.L1].target_bps * max(BPS_ONE - given, 0) // BPS_ONE,
        tier_min_bps=bands[Tier.L1].min_bps,
        tier_max_bps=bands[Tier.L1].max_bps,
        change_assets=cash_after - situation.cash,
        value_after=cash_after,
        weight_after_bps=bps_of(cash_after, gross_after),
    )
    rows = [
        AssetRow(
            token=holding.token,
            symbol=holding.symbol,
            tier=holding.tier.name,
            value=holding.value,
            weight_bps=bps_of(holding.value, situation.gross),
            target_bps=bands[holding.tier].target_bps * holding.target_bps // BPS_ONE,
            tier_min_bps=bands[holding.tier].min_bps,
            tier_max_bps=bands[holding.tier].max_bps,
            change_assets=change.get(holding.token, 0),
            value_after=after[holding.token],
            weight_after_bps=bps_of(after[holding.token], gross_after),
        )
        for holding in sorted(situation.holdings, key=lambda one: (one.tier, one.symbol))
    ]
    return [cash, *rows]


def _worth(holding: Holding, tokens: int) -> int:
    """Tokens at the situation's price, USDT base units, floor."""
    return int(tokens * holding.price // 10**holding.decimals)
