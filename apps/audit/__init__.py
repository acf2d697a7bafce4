"""The operation log: who did what, append-only, chained by hashes, provable afterwards."""
