"""/redemptions over REST: reading requests, deciding their tickets, paying what is due."""
