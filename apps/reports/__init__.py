"""Reports: data kept as it was, documents made from it, always the same."""
