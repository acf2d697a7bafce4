"""The one error a user of `./dev` may see without a traceback."""


class DevError(Exception):
    """Something the user has to know or fix; its text is one complete sentence."""
