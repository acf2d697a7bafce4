"""What the fund's assets are worth, as several sources say: quotes, their median, their health.

A price that too few fresh sources agree on is unknown, and nobody trades on it.
"""
