"""Production does not say what it has to say in the clear."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("PAIMON_SLACK_API_URL", "http://slack.example/api/", "must be https"),
        ("PAIMON_TELEGRAM_API_URL", "http://telegram.example", "must be https"),
        ("PAIMON_PAGERDUTY_URL", "http://pagerduty.example/v2/enqueue", "must be https"),
        ("PAIMON_PAGERDUTY_URL", "file:///etc/passwd", "must be a web address"),
    ],
)
def test_refuses_to_start_without_tls(name: str, value: str, words: str) -> None:
    environment = {
        **os.environ,
        "PAIMON_BASE_URL": "https://paimon.example",
        "PAIMON_SECRET_KEY": "x" * 60,
        name: value,
    }

    started = subprocess.run(
        [sys.executable, "-c", "import paimon.settings.production"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert started.returncode != 0
    assert words in started.stderr
    assert name in started.stderr
