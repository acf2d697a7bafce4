"""What comes by WebSocket."""

from channels.routing import URLRouter

websocket = URLRouter([])
