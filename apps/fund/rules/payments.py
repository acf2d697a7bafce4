"""What a payment out of the vault's cash does to its cash and to L1's part of the fund."""

from dataclasses import dataclass

from apps.core.units import bps_of


@dataclass(frozen=True, slots=True, kw_only=True)
class CashFigures:
    """Base units of assets: the vault's cash, L1 (cash and yield assets), and all tiers."""

    cash_assets: int
    l1_assets: int
    aum_assets: int

    @property
    def l1_bps(self) -> int | None:
        """L1's part of all assets, floor; None without assets."""
        return bps_of(self.l1_assets, self.aum_assets)

    def less(self, assets: int) -> "CashFigures":
        """The figures after ``assets`` left the vault.

        Raises:
            ValueError: there is less cash than that.
        """
        if assets > self.cash_assets:
            raise ValueError(f"{assets} cannot leave {self.cash_assets}")
        return CashFigures(
            cash_assets=self.cash_assets - assets,
            l1_assets=max(self.l1_assets - assets, 0),
            aum_assets=max(self.aum_assets - assets, 0),
        )
