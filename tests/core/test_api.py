"""The shape of every REST answer and the refusal of bad input."""

import json
from typing import Any

import pytest
from django.test import Client

pytestmark = pytest.mark.urls("tests.core.urls")

BODY = {"requestId": 3, "grossAssets": "15"}


@pytest.fixture
def client() -> Client:
    return Client(raise_request_exception=False)


def post(client: Client, body: bytes | str, content_type: str = "application/json") -> Any:
    return client.post("/api/v1/echo", body, content_type=content_type)


class TestEnvelope:
    def test_wraps_data_in_camel_case(self, client: Client) -> None:
        response = client.get("/api/v1/echo", {"x": "1"})

        body = response.json()
        assert body["success"] is True
        assert body["data"] == {"lockedNav": "1", "requestData": "1"}
        assert body["timestamp"].endswith("Z")
        assert body["requestId"] == response["X-Request-ID"]

    def test_reads_camel_case(self, client: Client) -> None:
        response = post(client, json.dumps(BODY))

        assert response.json()["data"] == BODY


class TestRequestId:
    def test_keeps_a_harmless_one(self, client: Client) -> None:
        response = client.get("/api/v1/echo", headers={"x-request-id": "abcDEF-123.4_5"})

        assert response["X-Request-ID"] == "abcDEF-123.4_5"

    @pytest.mark.parametrize(
        "value", ["short", "a" * 65, "has space in it", "line\\nbreak!!", "é" * 9]
    )
    def test_replaces_any_other(self, client: Client, value: str) -> None:
        response = client.get("/api/v1/echo", headers={"x-request-id": value})

        assert response["X-Request-ID"] != value
        assert len(response["X-Request-ID"]) == 36


class TestStrictJSON:
    @pytest.mark.parametrize(
        "body",
        [
            b"{",
            b"\xff\xfe",
            b'{"requestId": NaN}',
            b'{"requestId": Infinity}',
            b'{"requestId": 1e400}',
            b'{"requestId": 1, "requestId": 2}',
            b'{"requestId": 1, "request_id": 2}',
            b'{"a": "\\u0000"}',
            b'{"a": "\\ud800"}',
            b'{"\\ud800": 1}',
            b"[" * 40 + b"]" * 40,
            b"[" * 100_000,
            b'{"a":' * 100_000,
            b"9" * 5_000,
            b'"' + b"a" * (1024 * 1024) + b'"',
        ],
        ids=lambda body: repr(body[:24]),
    )
    def test_refuses(self, client: Client, body: bytes) -> None:
        response = post(client, body)

        assert response.status_code == 400
        assert response.json()["error"]["code"] == "VALIDATION_ERROR"

    def test_refuses_other_content_types(self, client: Client) -> None:
        response = post(client, "requestId=1", "application/x-www-form-urlencoded")

        assert response.status_code == 415
        assert response.json()["error"]["code"] == "VALIDATION_ERROR"


class TestAmountField:
    @pytest.mark.parametrize(
        "amount",
        [15, 1.5, "-1", "1.5", "", " 1", "1e3", "٣", None, str(2**256), "9" * 79, [], True],
    )
    def test_refuses(self, client: Client, amount: Any) -> None:
        response = post(client, json.dumps({"requestId": 1, "grossAssets": amount}))

        assert response.status_code == 400
        assert list(response.json()["error"]["details"]) == ["grossAssets"]

    def test_takes_the_largest(self, client: Client) -> None:
        largest = str(2**256 - 1)

        response = post(client, json.dumps({"requestId": 1, "grossAssets": largest}))

        assert response.json()["data"]["grossAssets"] == largest


class TestErrors:
    @pytest.mark.parametrize(
        ("name", "status", "code"),
        [
            ("refused", 409, "CONFLICT"),
            ("expired", 401, "AUTH_EXPIRED"),
            ("invalid", 401, "AUTH_INVALID"),
            ("anonymous", 401, "AUTH_REQUIRED"),
            ("throttled", 429, "RATE_LIMITED"),
            ("validation", 400, "VALIDATION_ERROR"),
            ("database", 503, "SERVICE_UNAVAILABLE"),
            ("bug", 500, "INTERNAL_ERROR"),
        ],
    )
    def test_become_the_envelope(self, client: Client, name: str, status: int, code: str) -> None:
        response = client.get(f"/api/v1/raise/{name}")

        body = response.json()
        assert response.status_code == status
        assert body["success"] is False
        assert body["error"]["code"] == code
        assert body["requestId"] == response["X-Request-ID"]
        assert b"secret" not in response.content

    def test_say_what_was_refused(self, client: Client) -> None:
        error = client.get("/api/v1/raise/refused").json()["error"]

        assert error["message"] == "It was done before."
        assert error["details"] == {"ticketId": 7}

    def test_say_when_to_come_back(self, client: Client) -> None:
        assert client.get("/api/v1/raise/throttled")["Retry-After"] == "4"

    def test_method_not_allowed(self, client: Client) -> None:
        response = client.delete("/api/v1/echo")

        assert response.status_code == 405
        assert response.json()["error"]["code"] == "VALIDATION_ERROR"

    def test_nothing_there_in_the_api(self, client: Client) -> None:
        response = client.get("/api/v1/nothing")

        assert response.status_code == 404
        assert response.json()["error"]["code"] == "NOT_FOUND"

    def test_nothing_there_for_people(self, client: Client) -> None:
        response = client.get("/nothing")

        assert response.status_code == 404
        assert "There is nothing at this address" in response.content.decode()

    def test_a_bug_for_people(self, client: Client) -> None:
        response = client.get("/page")

        assert response.status_code == 500
        assert response["X-Request-ID"] in response.content.decode()
        assert b"secret" not in response.content

    def test_permission_asked_of_nobody(self, client: Client) -> None:
        assert client.get("/api/v1/guarded").json()["error"]["code"] == "AUTH_REQUIRED"


class TestPagination:
    def test_counts_pages(self, client: Client) -> None:
        data = client.get("/api/v1/numbers", {"page": 3}).json()["data"]

        assert [item["number"] for item in data["items"]] == [40, 41, 42, 43, 44]
        assert data["pagination"] == {"total": 45, "page": 3, "pageSize": 20, "totalPages": 3}

    @pytest.mark.parametrize("size", ["0", "101", "-1", "x", "", "99999999999999999999", "²"])
    def test_refuses_sizes(self, client: Client, size: str) -> None:
        response = client.get("/api/v1/numbers", {"pageSize": size})

        assert response.status_code == 400
        assert list(response.json()["error"]["details"]) == ["pageSize"]

    @pytest.mark.parametrize("page", ["0", "4", "x", "last", "9" * 30])
    def test_pages_that_are_not(self, client: Client, page: str) -> None:
        assert client.get("/api/v1/numbers", {"page": page}).status_code == 404


class TestAddress:
    @pytest.mark.parametrize("address", ["/api/v1/echo?x=%00", "/api/v1/ec%00ho", "/x%00?y=1"])
    def test_with_a_nul_character_is_refused(self, client: Client, address: str) -> None:
        response = client.get(address)

        assert response.status_code == 400
        assert response["X-Request-ID"]
