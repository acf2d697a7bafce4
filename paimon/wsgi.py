"""HTTP: admin and REST."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "paimon.settings.local")
application = get_wsgi_application()
