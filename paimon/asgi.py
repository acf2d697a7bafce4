"""WebSocket, on its own port; plain HTTP is served by WSGI."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "paimon.settings.local")
http = get_asgi_application()  # loads the apps before anything imports models

from channels.routing import ProtocolTypeRouter  # noqa: E402

from paimon.routing import websocket  # noqa: E402

application = ProtocolTypeRouter({"http": http, "websocket": websocket})
