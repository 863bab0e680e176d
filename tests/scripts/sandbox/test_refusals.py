"""How the account says no."""

from scripts.sandbox.refusals import invalid, not_found


def test_a_field_that_does_not_fit_is_named():
    """422 has the field under `details`, with words and a code."""
    error = invalid("status", "Status: odd", "OddValue")
    assert (error.status, error.payload["error"]) == (422, "RecordInvalid")
    assert error.payload["details"] == {"status": [{"description": "Status: odd", "error": "OddValue"}]}


def test_what_is_not_there_is_404_in_the_vendors_words():
    """The body is the recorded one."""
    assert (not_found().status, not_found().payload) == (404, {"error": "RecordNotFound", "description": "Not found"})
