"""The architecture as written in pyproject.toml, and what import-linter cannot see."""

import subprocess
import sys
import tomllib
from pathlib import Path

from django.apps import apps
from django.contrib import admin
from django.contrib.auth import get_user_model
from unfold.admin import ModelAdmin as UnfoldModelAdmin

ROOT = Path(__file__).resolve().parent.parent.parent


def our_labels() -> list[str]:
    return [config.label for config in apps.get_app_configs() if config.name.startswith("apps.")]


def test_imports_obey_the_contracts() -> None:
    linter = Path(sys.executable).parent / "lint-imports"

    run = subprocess.run([linter], cwd=ROOT, capture_output=True, text=True, check=False)

    assert run.returncode == 0, run.stdout


def test_the_stack_names_every_app() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    layers = contracts["contracts"][0]["layers"]
    named = {part.strip(" ()") for layer in layers for part in layer.split("|")}

    assert {f"apps.{label}" for label in our_labels()} <= named


def test_foreign_keys_stay_within_their_app() -> None:
    user = get_user_model()
    crossing = [
        f"{model._meta.label}.{field.name} → {field.related_model._meta.label}"
        for label in our_labels()
        for model in apps.get_app_config(label).get_models()
        for field in model._meta.get_fields()
        if field.concrete
        and field.is_relation
        and field.related_model is not user
        and field.related_model._meta.app_label != model._meta.app_label
        # A user's roles are Django's groups, and its permissions Django's.
        and not (model is user and field.related_model._meta.app_label == "auth")
    ]
    assert not crossing


def test_every_admin_page_has_the_common_base() -> None:
    strangers = [
        model._meta.label
        for model, page in admin.site._registry.items()
        if not isinstance(page, UnfoldModelAdmin)
    ]
    assert not strangers


def test_nothing_mentions_the_workplace() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    forbidden = ["shared" + "/", "/work/" + "main"]

    found = [
        f"{name}: {word}"
        for name in listed
        if (ROOT / name).is_file()
        for word in forbidden
        if word.encode() in (ROOT / name).read_bytes()
    ]
    assert not found
