"""/fund over REST: read only, for those who may view the fund."""
