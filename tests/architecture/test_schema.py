"""The OpenAPI document: valid, without a warning, and every reference leads somewhere."""

import re
from io import StringIO

import pytest
from django.core.management import call_command


@pytest.fixture(scope="module")
def schema() -> str:
    out = StringIO()
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=out)
    return out.getvalue()


class TestSchema:
    def test_every_reference_leads_somewhere(self, schema: str) -> None:
        asked = set(re.findall(r"#/components/schemas/(\w+)", schema))
        there = set(re.findall(r"^    (\w+):$", schema, re.MULTILINE))

        assert asked
        assert asked <= there

    def test_every_operation_has_a_summary(self, schema: str) -> None:
        assert schema.count("operationId:") == len(
            re.findall(r"^      summary: \S", schema, re.MULTILINE)
        )
