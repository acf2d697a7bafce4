"""``manage.py load_asset_terms FILE.toml``: who issues the assets of a new installation."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError

from apps.chain import queries as chain
from apps.core import clock
from apps.core.actor import Actor
from apps.core.errors import Refused
from apps.fund import operations


class Command(BaseCommand):
    """Takes over a file's terms, all or none; refuses once there are any."""

    help = (
        "Load issuers and terms of assets from a TOML file of [[assets]] tables (token, issuer, "
        "and where known otc_contact, matures_at, notice_days). Later ones are proposed on the "
        "asset's page and approved by another person."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="the TOML file")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            count = operations.load_terms(
                terms=operations.read_terms(options["file"]),
                chain_id=chain.fund_chain().chain_id,
                actor=Actor.system("manage.py load_asset_terms"),
                at=clock.now(),
            )
        except (ImproperlyConfigured, Refused) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Terms of {count} assets loaded.")
