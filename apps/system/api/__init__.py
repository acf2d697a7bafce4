"""REST and probes of the system itself."""
