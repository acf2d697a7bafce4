"""The fund as the chain tells it: NAV, holders, assets, tiers, fees, flows; and snapshots of it.

Two kinds of rows. Projections mirror one contract's logs and are rebuilt by a replay
(``operations.projections``). Snapshots are the whole fund read at one block, taken by the clock
(``operations.snapshots``).
"""
