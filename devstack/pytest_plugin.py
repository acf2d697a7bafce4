"""Gives a test run its own PostgreSQL, Redis and environment, before Django reads its settings.

Loaded by `-p devstack.pytest_plugin`. A run with pytest-xdist shares one PostgreSQL, in which each
worker has its own database; each worker has a Redis of its own, since tests flush it. Servers
named by DATABASE_URL and REDIS_URL are used as they are.
"""

import os
import secrets
import shutil
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest

from devstack.env import Places, Secrets, new_jwt_private_key, test_environment
from devstack.errors import DevError
from devstack.guard import RUN_VARIABLE, Guard
from devstack.ports import LOOPBACK, free_ports
from devstack.services import Services

# Set by the run that started them: its workers share the PostgreSQL, but not the Redis.
PRIVATE_REDIS = "PAIMON_TEST_PRIVATE_REDIS"


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, object, object]:
    """Start the servers around, that is before, pytest-django's own hook."""
    options = early_config.known_args_namespace
    if not (getattr(options, "version", 0) or getattr(options, "help", False)):
        _set_up(early_config)
    return (yield)


def _set_up(config: pytest.Config) -> None:
    if "PYTEST_XDIST_WORKER" in os.environ and PRIVATE_REDIS in os.environ:
        del os.environ["REDIS_URL"]

    # World-passable, because as root PostgreSQL runs as `nobody`; the data itself stays private.
    directory = Path(tempfile.mkdtemp(prefix="paimon-test-"))
    directory.chmod(0o711)
    services = Services(directory, os.environ, throwaway=True)
    try:
        services.start()
    except DevError as error:
        shutil.rmtree(directory, ignore_errors=True)
        raise pytest.UsageError(str(error)) from error
    run_id = secrets.token_hex(8)
    guard = Guard(list(services.processes.values()), [*services.folders, directory], run_id=run_id)
    os.environ[RUN_VARIABLE] = run_id
    config.add_cleanup(guard.release)
    config.add_cleanup(services.stop)

    ports = free_ports({"mail": 0, "web": 0, "ws": 0})
    places = Places(
        database_url=services.database_url,
        redis_url=services.redis_url,
        email_url=f"smtp://{LOOPBACK}:{ports['mail']}",
        chain_file=directory / "chain.toml",
        web_port=ports["web"],
        ws_port=ports["ws"],
    )
    os.environ.update(test_environment(places, _new_secrets()))
    if services.redis:
        os.environ[PRIVATE_REDIS] = "1"


def _new_secrets() -> Secrets:
    return Secrets(
        secret_key=secrets.token_urlsafe(48),
        jwt_private_key=new_jwt_private_key(),
        signer_password=secrets.token_urlsafe(16),
    )
