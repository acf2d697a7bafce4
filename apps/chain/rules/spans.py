"""Arithmetic of block ranges: half-open, in order, none touching another."""

Span = tuple[int, int]
Spans = tuple[Span, ...]


def missing(spans: Spans, span: Span) -> Spans:
    """What of ``span`` the ranges leave out."""
    holes: list[Span] = []
    at, stop = span
    for covered_start, covered_stop in spans:
        if covered_start >= stop:
            break
        if covered_start > at:
            holes.append((at, covered_start))
        at = max(at, covered_stop)
    if at < stop:
        holes.append((at, stop))
    return tuple(holes)
