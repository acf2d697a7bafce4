"""A configured chain that no node stands behind."""

from tests.dead_node import chain_file

__all__ = ["chain_file"]
