"""Why an HTTP source gave no figure."""


class NoFigure(Exception):
    """A sentence for people; it never repeats what the other side sent, nor the URL."""
