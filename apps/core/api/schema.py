"""The OpenAPI document as clients see answers: successes in their envelope, every refusal."""

from typing import Any

_TEXT = {"type": "string"}
_STAMP = {
    "timestamp": {"type": "string", "format": "date-time"},
    "requestId": {"type": "string"},
}
_ERROR = {
    "type": "object",
    "required": ["success", "error", "timestamp", "requestId"],
    "properties": {
        "success": {"type": "boolean", "enum": [False]},
        "error": {
            "type": "object",
            "required": ["code", "message", "details"],
            "properties": {
                "code": {
                    "type": "string",
                    "enum": [
                        "AUTH_REQUIRED",
                        "AUTH_INVALID",
                        "AUTH_EXPIRED",
                        "FORBIDDEN",
                        "NOT_FOUND",
                        "VALIDATION_ERROR",
                        "CONFLICT",
                        "RATE_LIMITED",
                        "INTERNAL_ERROR",
                        "SERVICE_UNAVAILABLE",
                    ],
                },
                "message": _TEXT,
                "details": {"type": "object", "additionalProperties": True},
            },
        },
        **_STAMP,
    },
}
_REFUSALS = {
    "400": "The input makes no sense; details by field",
    "401": "No token, or one that is wrong or expired",
    "403": "Not for this role",
    "404": "There is no such thing",
    "409": "Not in this state",
    "429": "Too many requests; see Retry-After",
    "503": "Something we depend on does not answer",
}
_METHODS = {"get", "post", "put", "patch", "delete"}


def envelope_answers(
    result: dict[str, Any],
    generator: Any,  # noqa: ARG001 - drf-spectacular's signature
    request: Any,  # noqa: ARG001
    public: bool,  # noqa: ARG001
) -> dict[str, Any]:
    """Postprocessing hook: wrap successes and add the refusals that any operation may give."""
    schemas = result.setdefault("components", {}).setdefault("schemas", {})
    schemas["Error"] = _ERROR
    for path in result.get("paths", {}).values():
        for method, operation in path.items():
            if method in _METHODS:
                _complete(operation.setdefault("responses", {}))
    return result


def _complete(responses: dict[str, Any]) -> None:
    for status, response in responses.items():
        media = response.get("content", {}).get("application/json")
        if status.startswith("2") and media is not None:
            media["schema"] = _wrapped(media.get("schema", {}))
    for status, description in _REFUSALS.items():
        responses.setdefault(
            status,
            {
                "description": description,
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
            },
        )


def _wrapped(schema: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["success", "data", "timestamp", "requestId"],
        "properties": {"success": {"type": "boolean", "enum": [True]}, "data": schema, **_STAMP},
    }
