"""Template tags of the pages of risk."""
