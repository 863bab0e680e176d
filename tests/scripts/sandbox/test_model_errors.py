"""Errors of the Messages API: one body, many names."""

from scripts.sandbox.model_errors import ApiError, error_body, kind_for


def test_each_status_has_its_name():
    """Those the API documents have their own; others the general one of their class."""
    assert [kind_for(status) for status in (400, 402, 429, 529, 422, 502)] == [
        "invalid_request_error", "billing_error", "rate_limit_error", "overloaded_error",
        "invalid_request_error", "api_error",
    ]  # fmt: skip
    assert ApiError("billing_error").status == 402


def test_the_body_names_kind_cause_and_request():
    """The cause for programs stands in the details, where there is one."""
    body = error_body("rate_limit_error", "req_1", "no", "enforced_spend_limit_reached")
    assert body["error"]["details"] == {"error_code": "enforced_spend_limit_reached"}
    assert (body["type"], body["request_id"]) == ("error", "req_1")
    assert "details" not in error_body("api_error", "req_2")["error"]
