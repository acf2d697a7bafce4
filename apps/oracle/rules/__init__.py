"""Plain Python: when sources agree on a price, and what a source must say about itself."""
