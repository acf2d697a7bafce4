"""/rebalance over REST: how the fund stands, plans, previews, and submitting one."""
