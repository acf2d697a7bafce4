"""The root of everything that goes wrong here; the command line prints it as one sentence."""

from __future__ import annotations


class DevnetError(Exception):
    """Something about the development chain is not as it must be; the message says what to do."""
