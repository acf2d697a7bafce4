"""From facts to messages and pushes: rows in the fact's transaction, no input or output."""
