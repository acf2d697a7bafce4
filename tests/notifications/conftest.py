"""A configured chain that no node stands behind, a real mail server, and people."""

import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.conf import LazySettings

from devstack.chat import Chat
from tests.dead_node import chain_file
from tests.notifications.smtp import ScriptedServer

__all__ = ["chain_file"]


@pytest.fixture(autouse=True)
def real_mail(settings: LazySettings) -> None:
    """Django's test runner keeps mail in memory; these tests send it."""
    settings.EMAIL_BACKEND = "apps.notifications.delivery.smtp.EmailBackend"
    settings.EMAIL_PORT = urlsplit(os.environ["EMAIL_URL"]).port
    settings.EMAIL_TIMEOUT = 0.5


@pytest.fixture
def scripted(settings: LazySettings) -> Iterator[ScriptedServer]:
    """A mail server that answers what a test tells it to."""
    server = ScriptedServer()
    settings.EMAIL_PORT = server.port
    yield server
    server.stop()


@pytest.fixture
def chat(tmp_path: Path, settings: LazySettings) -> Iterator[Chat]:
    """Slack, Telegram and PagerDuty on this machine, configured."""
    server = Chat(tmp_path / "chat")
    server.start()
    for name, value in server.settings.items():
        setattr(settings, name.removeprefix("PAIMON_"), value)
    yield server
    server.stop()
