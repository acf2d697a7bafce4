"""The domains of the back-office, one Django app each; see docs/decisions.md for their order."""
