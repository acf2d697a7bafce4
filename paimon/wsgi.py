"""HTTP: admin and REST."""

import gc
import os
from importlib import import_module

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "paimon.settings.local")
application = get_wsgi_application()
# All views now, not with the first request; and what is loaded stays: to look through it again and
# again for garbage took 0.15 s of a request in ten that answered with long lists.
import_module(settings.ROOT_URLCONF)
gc.collect()
gc.freeze()
