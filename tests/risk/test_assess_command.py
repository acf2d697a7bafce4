"""The command that judges risk at once."""

import io

import pytest
from django.core.management import call_command

from apps.risk.models import Assessment

from .running import Fund, stands

__all__ = ["stands"]

pytestmark = pytest.mark.django_db


def test_makes_a_run_and_says_what_it_came_to(stands: Fund) -> None:
    stands.is_now(l1_assets=50_000 * 10**18)
    said = io.StringIO()

    call_command("assess_risk", stdout=said)

    run = Assessment.objects.get()
    assert said.getvalue().startswith(f"{run.level}, score {run.score} of 100\n- ")
    assert run.reasons[0] in said.getvalue()
