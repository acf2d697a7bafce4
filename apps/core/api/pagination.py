"""Lists in pages: ``data.items`` and ``data.pagination``."""

from collections.abc import Mapping
from typing import Any

from rest_framework.exceptions import ValidationError
from rest_framework.pagination import PageNumberPagination
from rest_framework.request import Request
from rest_framework.response import Response


class Pagination(PageNumberPagination):
    """``?page=1&pageSize=20``; at most 100 rows a page, and nonsense is refused, not guessed."""

    page_size = 20
    max_page_size = 100
    page_query_param = "page"
    page_size_query_param = "pageSize"
    last_page_strings = ()

    def get_page_size(self, request: Request) -> int:
        asked = request.query_params.get(self.page_size_query_param)
        if asked is None:
            return self.page_size
        if not (asked.isascii() and asked.isdigit() and 1 <= int(asked[:9]) <= self.max_page_size):
            raise ValidationError(
                {"page_size": [f"Must be a whole number from 1 to {self.max_page_size}."]}
            )
        return int(asked)

    def get_paginated_response(self, data: Any) -> Response:
        page: Any = self.page
        paginator = page.paginator
        return Response(
            {
                "items": data,
                "pagination": {
                    "total": paginator.count,
                    "page": page.number,
                    "page_size": paginator.per_page,
                    "total_pages": paginator.num_pages if paginator.count else 0,
                },
            }
        )

    def get_paginated_response_schema(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        numbers = {"total": 1, "page": 1, "pageSize": self.page_size, "totalPages": 1}
        return {
            "type": "object",
            "required": ["items", "pagination"],
            "properties": {
                "items": schema,
                "pagination": {
                    "type": "object",
                    "required": list(numbers),
                    "properties": {
                        name: {"type": "integer", "minimum": 0, "example": example}
                        for name, example in numbers.items()
                    },
                },
            },
        }
