"""Whatever is sent to any route, the server does not fail: requests made up from its own OpenAPI document."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error

from api.openapi import document
from tests.api.conftest import Web


@pytest.fixture(scope="module")
def token(shared_web: Web) -> dict[str, str]:
    """The header of a program that acts for an administrator and may do all it may."""
    made = shared_web.browser("admin").post("/api/v1/tokens", {"username": "admin", "name": "fuzz"})
    return {"Authorization": f"Bearer {made.json['token']}"}


def operations(web: Web) -> list[Any]:
    """Every operation of the document that Flask answers, but for those that would end the token."""
    schema = schemathesis.openapi.from_dict(document(web.app))
    schema.app = web.app
    found = [result.ok() for result in schema.get_all_operations()]
    return [one for one in found if one.path != "/api/v1/events" and one.method.lower() != "delete"]


def test_no_request_makes_the_server_fail(shared_web, token):
    asked = operations(shared_web)
    assert len(asked) > 30
    for operation in asked:

        @given(case=operation.as_strategy())
        @settings(
            max_examples=12,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        def ask(case: Any) -> None:
            answer = case.call(headers=token)
            case.validate_response(answer, checks=[not_a_server_error])

        ask()


def test_number_beyond_any_row_is_refused(shared_web):
    answer = shared_web.browser("admin").post(f"/api/v1/names/proposals/{10**32}", {"accept": True})
    assert answer.status_code in (404, 422)
