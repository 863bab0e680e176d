"""Uploads and attachments."""

import json


def _upload(api, name="a.pdf", data=b"%PDF", **more):
    return api.post(f"/uploads.json?filename={name}", None, data=data, content_type="application/pdf", **more)


def test_upload_becomes_an_attachment(api, ticket, twin):
    """JSON under text/plain gives a token; a comment takes it, once; the address serves the bytes."""
    answer = _upload(api, data=bytes(range(256)))
    assert (answer.status_code, answer.mimetype) == (201, "text/plain")
    upload = json.loads(answer.text)["upload"]
    change = {"ticket": {"comment": {"body": "see", "public": False, "uploads": [upload["token"]]}}}
    assert api.put(f"/tickets/{ticket}", change).status_code == 200
    (file,) = api.get(f"/tickets/{ticket}/comments").json["comments"][-1]["attachments"]
    assert (file["file_name"], file["size"], file["content_type"]) == ("a.pdf", 256, "application/pdf")
    got = api.anyone.get(file["content_url"].removeprefix(twin.world.base_url))
    assert got.data == bytes(range(256))
    assert api.get(f"/attachments/{file['id']}").json["attachment"] == file
    assert api.put(f"/tickets/{ticket}", change).status_code == 422


def test_one_token_may_hold_several_files(api, ticket):
    """A second upload under the token joins the first; a single token may be given as plain text."""
    token = json.loads(_upload(api).text)["upload"]["token"]
    second = api.post(f"/uploads?filename=b.txt&token={token}", None, data=b"b", content_type="text/plain")
    assert [row["file_name"] for row in json.loads(second.text)["upload"]["attachments"]] == ["a.pdf", "b.txt"]
    made = api.put(f"/tickets/{ticket}", {"ticket": {"comment": {"body": "x", "uploads": token}}})
    assert len(made.json["audit"]["events"][0]["attachments"]) == 2


def test_upload_ends_or_is_deleted(api, control, ticket):
    """A token is refused after its time, and after it was deleted."""
    old, other = (json.loads(_upload(api).text)["upload"]["token"] for _ in range(2))
    assert api.delete(f"/uploads/{other}").status_code == 204
    assert api.delete(f"/uploads/{other}").status_code == 404
    control("clock", days=4)
    change = {"ticket": {"comment": {"body": "x", "uploads": [old]}}}
    assert api.put(f"/tickets/{ticket}", change).status_code == 422
