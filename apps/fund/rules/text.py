"""Text from outside, as one printable line."""


def one_line(text: str) -> str:
    """Printable characters on one line: what could break a page, a mail's subject or the text of a
    signature becomes a blank."""
    kept = "".join(letter if letter.isprintable() else " " for letter in text)
    return " ".join(kept.split())
