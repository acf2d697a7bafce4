"""What would undo trades: by what came of them."""

from types import SimpleNamespace

from apps.rebalance.rules.reversing import undo_of


def done(kind: str, token: str, assets: int | None, slippage_bps: int | None) -> SimpleNamespace:
    return SimpleNamespace(
        kind=kind, token=token, realised_assets=assets, slippage_bps_realised=slippage_bps
    )


class TestUndoOf:
    def test_buys_back_for_the_cash_that_came(self) -> None:
        assert undo_of([done("REDEEM", "0xa", 1_000, 25)]) == {"0xa": 1_000}

    def test_sells_the_value_that_was_got(self) -> None:
        assert undo_of([done("PURCHASE", "0xa", 10_000, 25)]) == {"0xa": -9_975}

    def test_sells_no_more_than_was_spent_after_a_gain(self) -> None:
        assert undo_of([done("PURCHASE", "0xa", 10_000, -25)]) == {"0xa": -10_000}

    def test_sums_by_token_and_leaves_out_what_cancels(self) -> None:
        trades = [
            done("REDEEM", "0xa", 700, 0),
            done("REDEEM", "0xa", 300, 0),
            done("REDEEM", "0xb", 500, 0),
            done("PURCHASE", "0xb", 500, 0),
            done("PURCHASE", "0xc", None, None),
        ]

        assert undo_of(trades) == {"0xa": 1_000}
