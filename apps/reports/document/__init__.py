"""What a report shows, in order: sections of tables with typed cells.

PDF and XLSX are both made from this, so that their figures cannot differ.
"""

from .cells import Cell, Kind, Table
from .sections import Document, Figure, Section, document

__all__ = ["Cell", "Document", "Figure", "Kind", "Section", "Table", "document"]
