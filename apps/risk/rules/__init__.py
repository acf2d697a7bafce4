"""What risk is, and what follows from it. Plain Python."""
