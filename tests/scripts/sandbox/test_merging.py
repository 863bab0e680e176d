"""Merging tickets."""

import pytest


@pytest.fixture(name="pair")
def pair_fixture(control):
    """Two new tickets by Ada."""
    person = {"name": "Ada", "email": "ada@x.example"}
    return [control("messages", subject=f"T{n}", body=f"words {n}", requester=person)["ticket_id"] for n in range(2)]


def test_merge_closes_the_source_and_keeps_its_thread(api, finish, pair):
    """The target gets the source's words in one private comment; the source is closed, tagged, and points there."""
    target, source = pair
    api.put(f"/tickets/{source}", {"ticket": {"comment": {"body": "second words"}}})
    finish(api.post(f"/tickets/{target}/merge", {"ids": [source], "target_comment": "Same matter."}))
    comment = api.get(f"/tickets/{target}/comments").json["comments"][-1]
    assert comment["public"] is False
    assert all(words in comment["plain_body"] for words in ("Same matter.", "words 1", "second words"))
    assert comment["via"]["source"]["rel"] == "merge"
    shown = api.get(f"/tickets/{source}").json["ticket"]
    assert (shown["status"], shown["tags"]) == ("closed", ["closed_by_merge"])
    assert f"#{target}" in api.get(f"/tickets/{source}/comments").json["comments"][-1]["plain_body"]


def test_closed_ticket_is_not_merged(api, finish, pair, twin):
    """The job completes and its row tells that it failed; nothing changed."""
    target, source = pair
    twin.world.tickets[source].status = "closed"
    done = finish(api.post(f"/tickets/{target}/merge", {"ids": [source]}))
    assert done["results"][0]["error"] == "RecordInvalid"
    assert len(twin.world.tickets[target].comments) == 1
