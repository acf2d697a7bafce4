"""How the system is, and what the first page shows."""
