"""From a stored dataset to files. The same dataset always gives the same bytes."""

from typing import Any

from apps.reports.document import document

from .pdf import pdf
from .xlsx import xlsx

PDF_TYPE = "application/pdf"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def render(dataset: dict[str, Any], fmt: str) -> tuple[str, bytes]:
    """The content type and content of a report's file; ``fmt`` is "pdf" or "xlsx"."""
    if fmt == "pdf":
        return PDF_TYPE, pdf(document(dataset))
    return XLSX_TYPE, xlsx(document(dataset))


__all__ = ["PDF_TYPE", "XLSX_TYPE", "render"]
