"""Template tags of the pages of rebalancing."""
