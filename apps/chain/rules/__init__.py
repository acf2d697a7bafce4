"""What follows from the bytes alone: plain Python, no database, no clock."""
