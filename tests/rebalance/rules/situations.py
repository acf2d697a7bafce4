"""Funds to plan for: small ones by hand, and any number from a seed."""

import random
from datetime import UTC, datetime

from apps.chain.terms import Method, Tier
from apps.core.units import BPS_ONE
from apps.rebalance.rules.figures import Aim, AimKind, Band, Holding, Situation

USDT = 10**18
AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
BANDS = (
    Band(tier=Tier.L1, target_bps=1_000, min_bps=500, max_bps=2_000),
    Band(tier=Tier.L2, target_bps=3_000, min_bps=2_000, max_bps=4_000),
    Band(tier=Tier.L3, target_bps=6_000, min_bps=5_000, max_bps=7_000),
)


def token(number: int) -> str:
    return f"0x{number:040x}"


def holding(
    symbol: str,
    tier: Tier,
    value: int,
    *,
    target_bps: int = 5_000,
    decimals: int = 18,
    price: int = USDT,
    purchasable: bool = True,
    slippage_bps: int = 10,
    minimum: int = 0,
    gas: int = USDT // 4,
) -> Holding:
    """An asset with about so much value, in whole token base units."""
    balance = value * 10**decimals // price if price else 0
    return Holding(
        token=token(sum(ord(letter) * 131**n for n, letter in enumerate(symbol))),
        symbol=symbol,
        tier=tier,
        decimals=decimals,
        balance=balance,
        price=price,
        value=balance * price // 10**decimals,
        target_bps=target_bps,
        purchasable=purchasable,
        method=Method.OTC,
        expected_slippage_bps=slippage_bps,
        max_slippage_bps=300,
        min_purchase_assets=minimum,
        gas_assets=gas,
    )


def fund(
    *holdings: Holding,
    cash: int,
    bands: tuple[Band, ...] = BANDS,
    due: int = 0,
    liability: int | None = None,
    fees: int = 0,
    trade_max: int | None = None,
) -> Situation:
    """A fund with these holdings and so much cash, of which fees are not the holders'."""
    return Situation(
        chain_id=31_337,
        block_number=100,
        block_hash="0x" + "ab" * 32,
        at=AT,
        cash=cash,
        spendable_cash=max(0, cash - fees),
        holdings=holdings,
        bands=bands,
        due_assets=due,
        liability_assets=due if liability is None else liability,
        trade_assets_max=trade_max,
    )


def simple(first: int, second: int, third: int, **more: object) -> Situation:
    """A fund of tiers in USDT: L1 all cash, two assets in L2, five in L3, each at its share of
    its tier."""
    shares = {
        Tier.L2: [("MMA", 6_000), ("MMB", 4_000)],
        Tier.L3: [("HYA", 2_400), ("HYB", 2_200), ("HYC", 2_000), ("HYD", 1_800), ("HYE", 1_600)],
    }
    values = {Tier.L2: second * USDT, Tier.L3: third * USDT}
    holdings = [
        holding(symbol, tier, values[tier] * bps // BPS_ONE, target_bps=bps)
        for tier, assets in shares.items()
        for symbol, bps in assets
    ]
    return fund(*holdings, cash=first * USDT, **more)  # type: ignore[arg-type]


def generated(seed: int, assets: int | None = None) -> tuple[Situation, Aim]:
    """A fund in some disorder, and an aim that fits it; the same for the same seed."""
    dice = random.Random(seed)  # noqa: S311 - disorder on purpose, again the same
    count = dice.randint(3, 50) if assets is None else assets
    gross = dice.choice([10**6, 10**7, 5 * 10**8]) * USDT * dice.randint(50, 200) // 100
    ratios = _ratios(dice)
    tiers = [*Tier, *dice.choices([Tier.L1, Tier.L2, Tier.L3], [1, 5, 10], k=count - 3)]
    holdings = []
    cash = gross * ratios[Tier.L1] // BPS_ONE
    for tier in Tier:
        numbers = [n for n, of in enumerate(tiers) if of is tier]
        value = gross * ratios[tier] // BPS_ONE
        if tier is Tier.L1:
            value = value * dice.randint(0, 60) // 100
            cash -= value
        targets = _shares(dice, len(numbers), steady=True)
        shares = targets if dice.random() < 0.2 else _shares(dice, len(numbers))
        for number, target, share in zip(numbers, targets, shares, strict=True):
            holdings.append(_any_holding(dice, number, tier, value * share // BPS_ONE, target))
    due = dice.choice([0, 0, gross // 50, gross // 5, gross * 2 // 5])
    situation = fund(
        *holdings,
        cash=cash,
        due=due,
        liability=due + dice.choice([0, gross // 20]),
        fees=dice.choice([0, cash // 100]),
        trade_max=dice.choice([None, None, gross // 30]),
    )
    return situation, _any_aim(dice, situation)


def _ratios(dice: random.Random) -> dict[Tier, int]:
    """In one of the ways in which a fund can be out of shape, or nearly in shape."""
    first = dice.choice([50, 300, 600, 780, 1_000, 1_300, 1_600, 1_900, 2_400, 3_000])
    second = dice.choice([900, 1_600, 2_100, 2_600, 3_000, 3_400, 3_900, 4_600])
    first, second = first + dice.randint(0, 40), second + dice.randint(0, 80)
    return {Tier.L1: first, Tier.L2: second, Tier.L3: BPS_ONE - first - second}


def _shares(dice: random.Random, count: int, *, steady: bool = False) -> list[int]:
    parts = [dice.randint(60, 140) if steady else dice.randint(0, 200) for _ in range(count)]
    total = sum(parts) or 1
    shares = [part * BPS_ONE // total for part in parts]
    shares[0] += BPS_ONE - sum(shares)
    return shares


def _any_holding(dice: random.Random, number: int, tier: Tier, value: int, target: int) -> Holding:
    return holding(
        f"A{number:02d}",
        tier,
        value,
        target_bps=target,
        decimals=dice.choice([18, 18, 18, 6, 6, 2]),
        price=dice.choice([USDT, 104 * USDT // 100, 99 * USDT, 1_003 * USDT // 7]),
        purchasable=dice.random() < 0.8,
        slippage_bps=dice.choice([2, 5, 10, 10, 20, 50, 120]),
        minimum=dice.choice([0, 0, 1_000, 5_000, 25_000]) * USDT,
        gas=dice.choice([USDT // 10, USDT // 4, USDT]),
    )


def _any_aim(dice: random.Random, situation: Situation) -> Aim:
    ratio = situation.ratio_bps(Tier.L1) or 0
    kinds = [AimKind.TIERS, AimKind.TIERS, AimKind.WEIGHTS, AimKind.EXACT]
    if ratio < 800:
        kinds += [AimKind.LIQUIDITY] * 4
    if ratio > 1_500:
        kinds += [AimKind.DEPLOY] * 4
    kind = dice.choice(kinds)
    if kind is AimKind.EXACT:
        first = dice.randint(800, 1_800)
        second = dice.randint(2_200, 3_800)
        targets = {Tier.L1: first, Tier.L2: second, Tier.L3: BPS_ONE - first - second}
        if not 5_000 <= targets[Tier.L3] <= 7_000:
            targets = {Tier.L1: 1_200, Tier.L2: 3_100, Tier.L3: 5_700}
        return Aim(kind=kind, target_bps=targets)
    raised = dice.choice([0, 0, situation.gross // 40]) if kind is AimKind.LIQUIDITY else 0
    return Aim(kind=kind, raise_assets=raised)
