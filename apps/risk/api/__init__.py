"""Risk over REST."""
