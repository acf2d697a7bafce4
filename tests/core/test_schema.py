"""The OpenAPI document says what clients really get."""

from apps.core.api.schema import envelope_answers


def document() -> dict[str, object]:
    answer = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Fund"}}}}
    file = {"content": {"application/pdf": {"schema": {"type": "string", "format": "binary"}}}}
    return {
        "paths": {
            "/fund": {"get": {"responses": {"200": answer}}, "parameters": []},
            "/file": {"get": {"responses": {"200": file}}},
        }
    }


def test_wraps_successes() -> None:
    result = envelope_answers(document(), None, None, True)  # type: ignore[arg-type]

    schema = result["paths"]["/fund"]["get"]["responses"]["200"]["content"]["application/json"]
    assert schema["schema"]["properties"]["data"] == {"$ref": "#/components/schemas/Fund"}
    assert set(schema["schema"]["required"]) == {"success", "data", "timestamp", "requestId"}


def test_leaves_files_alone() -> None:
    result = envelope_answers(document(), None, None, True)  # type: ignore[arg-type]

    answer = result["paths"]["/file"]["get"]["responses"]["200"]
    assert list(answer["content"]) == ["application/pdf"]


def test_names_refusals_and_keeps_what_a_view_said_itself() -> None:
    given = document()
    given["paths"]["/fund"]["get"]["responses"]["404"] = {"description": "No such fund"}  # type: ignore[index]

    responses = envelope_answers(given, None, None, True)["paths"]["/fund"]["get"]["responses"]

    assert responses["404"] == {"description": "No such fund"}
    assert "$ref" in responses["401"]["content"]["application/json"]["schema"]
