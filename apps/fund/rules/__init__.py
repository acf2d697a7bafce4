"""Plain arithmetic and policy of the fund."""
