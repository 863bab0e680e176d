"""What every view shares: bodies, ids and cursors as the vendor takes and refuses them."""

import pytest

from scripts.sandbox.refusals import RefusedError
from scripts.sandbox.zendesk.calls import decode_cursor, encode_cursor, whole_number


@pytest.mark.parametrize("value", ["1", 8447388090677, "äöü|2", ""])
def test_a_cursor_comes_back_as_it_was_given(value):
    """A cursor is opaque and safe in an address."""
    cursor = encode_cursor(value)
    assert cursor.isascii()
    assert not set(cursor) & set("&?/+ ")
    assert decode_cursor(cursor) == str(value)


@pytest.mark.parametrize("text", ["x", "_w=="])
def test_a_foreign_cursor_is_refused(text):
    """What we did not give is 400, not a page of something."""
    with pytest.raises(RefusedError) as caught:
        decode_cursor(text)
    assert caught.value.status == 400


@pytest.mark.parametrize(("text", "number"), [("12", 12), (12, 12), ("", None), (None, None)])
def test_ids_are_digits(text, number):
    """Digits or a number are an id, nothing is none."""
    assert whole_number(text) == number


@pytest.mark.parametrize("text", ["x", "-1", "1.5", True])
def test_what_is_no_id_is_not_found(text):
    """Zendesk answers 404 to it."""
    with pytest.raises(RefusedError) as caught:
        whole_number(text)
    assert caught.value.status == 404


def test_more_than_a_hundred_ids_are_refused(api):
    """show_many takes a hundred at most, and only numbers."""
    assert api.get(f"/users/show_many?ids={','.join(map(str, range(100)))}").status_code == 200
    assert api.get(f"/users/show_many?ids={','.join(map(str, range(101)))}").status_code == 400
    assert api.get("/users/show_many?ids=a").status_code == 404


@pytest.mark.parametrize("data", [b"[]", b"not json", b"{}", b'{"ticket": 1}'])
def test_a_body_without_its_object_is_refused(api, ticket, data):
    """PUT /tickets/1 wants an object under `ticket`."""
    answer = api.put(f"/tickets/{ticket}", data=data, content_type="application/json")
    assert answer.status_code == 400
    assert answer.json["error"] == "InvalidBody"
