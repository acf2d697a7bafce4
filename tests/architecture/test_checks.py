"""Django's own checks, as a test."""

import pytest
from django.core.management import call_command


@pytest.mark.django_db
def test_models_and_migrations_agree() -> None:
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


def test_django_finds_nothing_wrong() -> None:
    call_command("check", "--fail-level", "WARNING")
