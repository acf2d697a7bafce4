"""REST of redemptions."""
