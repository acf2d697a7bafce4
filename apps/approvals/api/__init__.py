"""/approvals over REST: reading tickets, deciding them with a signed vote, withdrawing them."""
