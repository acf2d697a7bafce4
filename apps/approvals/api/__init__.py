"""REST of tickets."""
