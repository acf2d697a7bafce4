"""What comes by WebSocket."""

from channels.routing import URLRouter
from channels.sessions import SessionMiddlewareStack
from django.urls import path

from apps.notifications.consumers import LiveConsumer

websocket = URLRouter([path("ws/v1/", SessionMiddlewareStack(LiveConsumer.as_asgi()))])
