"""REST: sign-in, tokens, signatures."""
