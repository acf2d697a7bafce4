#!/usr/bin/env python
"""Django's command line for Paimon."""

import os
import sys

from dj_database_url import ParseError, UnknownSchemeError
from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from environs import EnvError


def main() -> None:
    """Run a management command with the local settings unless told otherwise."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "paimon.settings.local")
    try:
        execute_from_command_line(sys.argv)
    except EnvError as error:
        sys.exit(f"{str(error).rstrip('.')}. All settings are described in .env.example.")
    except (ParseError, UnknownSchemeError):
        sys.exit("DATABASE_URL is not a database's URL: postgresql://user:password@host/name.")
    except ImproperlyConfigured as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
