"""What a person fills in to ask for a preview, and for other parameters."""

from collections.abc import Mapping
from decimal import Decimal

from apps.chain.terms import Tier
from apps.core.errors import Invalid
from apps.core.units import BPS_ONE, AmountOutOfRange, from_decimal
from apps.rebalance.rules.figures import Aim, AimKind

RAISE = "RAISE"
CHOICES = (
    (AimKind.TIERS, "Back to targets", "Every tier to its target, by the cheapest trades."),
    (AimKind.LIQUIDITY, "Refill L1", "Cash for L1 from L2, then from L3."),
    (AimKind.DEPLOY, "Deploy surplus", "What L1 has beyond its target goes to L2 and L3."),
    (AimKind.WEIGHTS, "Back to asset weights", "Each asset to its share, concentration first."),
    (RAISE, "Raise cash", "So much cash beyond L1's target, for redemptions to come."),
    (AimKind.EXACT, "Exact ratios", "The three tiers exactly where you say, within their bands."),
)


class BadAim(Invalid):
    """The form does not say what is wanted, or says it wrongly."""


def aim_of(form: Mapping[str, str]) -> Aim:
    """The aim that the form asks for; whether it can be reached is the planner's to say.

    Raises:
        BadAim: a field is missing or is no number.
    """
    wanted = form.get("aim", "")
    if wanted not in {str(kind) for kind, _title, _words in CHOICES}:
        raise BadAim("Choose what the plan is for.")
    if wanted == RAISE:
        return Aim(kind=AimKind.LIQUIDITY, raise_assets=_usdt(form.get("amount", "")))
    if wanted == AimKind.EXACT:
        return Aim(
            kind=AimKind.EXACT,
            target_bps={tier: _percent(tier, form.get(tier.name.lower(), "")) for tier in Tier},
        )
    return Aim(kind=AimKind(wanted))


def _usdt(text: str) -> int:
    try:
        amount = from_decimal(_plain(text))
    except AmountOutOfRange as error:
        raise BadAim("Say how much cash to raise, in USDT, as a number.") from error
    if amount == 0:
        raise BadAim("Say how much cash to raise, in USDT; more than zero.")
    return amount


def _percent(tier: Tier, text: str) -> int:
    words = _plain(text).removesuffix("%").strip()
    try:
        bps = from_decimal(words, 2)
    except AmountOutOfRange as error:
        raise BadAim(f"Say the share of {tier.name} in percent, at most two decimals.") from error
    if bps > BPS_ONE:
        raise BadAim(f"The share of {tier.name} is more than 100 %.")
    return bps


def _plain(text: str) -> str:
    """Digits as typed: grouping and spaces off, a comma is no decimal point."""
    return text.strip().replace(",", "").replace("\u202f", "").replace(" ", "")


def percent_text(bps: int) -> str:
    """Basis points as a form field shows them: 1250 → ``12.5``."""
    return f"{(Decimal(bps) / 100).normalize():f}"


def limits_text(min_bps: int | None, max_bps: int | None) -> str:
    """A band in short: ``5 to 20 %``."""
    if min_bps is None or max_bps is None:
        return "%"
    return f"{percent_text(min_bps)} to {percent_text(max_bps)} %"
