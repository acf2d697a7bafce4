"""Fixtures of the dispatcher's tests."""

from tests.chain.dispatching.hearing import ears

__all__ = ["ears"]
