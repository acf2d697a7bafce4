"""What a report shows, in order: sections of paragraphs, charts, and tables with typed cells.

PDF and XLSX are both made from this, so that their figures cannot differ.
"""

from .cells import Cell, Kind, Table
from .incident import incident_document
from .liquidity import liquidity_document
from .parts import Bands, Chart, Dataset, Document, Figure, Line, Section, Steps
from .period import period_document

_LAYOUTS = {"LIQUIDITY": liquidity_document, "INCIDENT": incident_document}


def document(data: Dataset) -> Document:
    """Lay a dataset out."""
    return _LAYOUTS.get(data["kind"], period_document)(data)


__all__ = [
    "Bands",
    "Cell",
    "Chart",
    "Document",
    "Figure",
    "Kind",
    "Line",
    "Section",
    "Steps",
    "Table",
    "document",
]
