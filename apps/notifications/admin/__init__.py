"""Messages in the admin: the outbox, a person's own messages, and what they choose to be told."""

from . import choosing, inbox, outbox

__all__ = ["choosing", "inbox", "outbox"]
