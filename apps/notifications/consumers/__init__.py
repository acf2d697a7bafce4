"""Open sockets: who they are, what they hear, how they are kept honest."""

from .live import LiveConsumer

__all__ = ["LiveConsumer"]
