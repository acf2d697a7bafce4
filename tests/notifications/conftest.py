"""A configured chain that no node stands behind, a real mail server, and people."""

import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import LazySettings

from apps.chain import config
from tests.notifications.smtp import ScriptedServer
from tests.redemptions.helpers import write_chain_file


@pytest.fixture(autouse=True)
def chain_file(tmp_path: Path, settings: LazySettings) -> Iterator[None]:
    """A fund chain whose node does not answer."""
    settings.CHAIN_FILE = str(write_chain_file(tmp_path))
    config.reload()
    yield
    config.reload()


@pytest.fixture(autouse=True)
def real_mail(settings: LazySettings) -> None:
    """Django's test runner keeps mail in memory; these tests send it."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_PORT = urlsplit(os.environ["EMAIL_URL"]).port
    settings.EMAIL_TIMEOUT = 0.5


@pytest.fixture
def scripted(settings: LazySettings) -> Iterator[ScriptedServer]:
    """A mail server that answers what a test tells it to."""
    server = ScriptedServer()
    settings.EMAIL_PORT = server.port
    yield server
    server.stop()
