"""Numbers that contracts work by, in the unit of each."""

from apps.core.units import format_amount, format_bps

_DAY_SECONDS = 86_400


def parameter_text(name: str, value: int) -> str:
    """A parameter's value for people, by what its name ends in.

    ``…Amount`` is base units of USDT, ``…Fee`` and ``…Ratio`` basis points, ``…Threshold`` seconds;
    anything else is shown as it is.
    """
    if name.endswith("Amount"):
        return f"{format_amount(value)} USDT"
    if name.endswith(("Fee", "Ratio")):
        return format_bps(value)
    if name.endswith("Threshold"):
        days, rest = divmod(value, _DAY_SECONDS)
        return f"{days:,} d" if not rest else f"{value:,} s"
    return f"{value:,}"
