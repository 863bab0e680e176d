"""Bulk updates and the jobs they run in."""

import pytest


@pytest.fixture(name="three")
def three_fixture(control):
    """Three new tickets by Ada."""
    person = {"name": "Ada", "email": "ada@x.example"}
    return [control("messages", subject=f"T{n}", body=f"words {n}", requester=person)["ticket_id"] for n in range(3)]


def test_job_is_queued_then_completed(api, finish, three, twin):
    """The first answer says queued, without results; the last has a row for each ticket, also for one that failed."""
    twin.jobs.delay_seconds = 0.1
    one, two, _ = three
    answer = api.put(f"/tickets/update_many?ids={one},{two},99", {"ticket": {"priority": "high"}})
    first = answer.json["job_status"]
    assert (first["status"], first["results"], first["total"]) == ("queued", None, 3)
    assert first["id"].startswith("V3-")
    done = finish(answer)
    assert done["progress"] == 3
    assert done["results"][0] == {"id": one, "action": "update", "status": "Updated", "success": True}
    assert (done["results"][2]["id"], done["results"][2]["error"]) == (99, "RecordNotFound")
    assert twin.world.tickets[two].priority == "high"


def test_tags_are_added_and_removed_in_bulk_only(api, finish, three):
    """`additional_tags` and `remove_tags` work in update_many; a PUT of one ticket ignores them."""
    one, two, three_ = three
    api.put(f"/tickets/{one}", {"ticket": {"tags": ["a", "b"]}})
    finish(api.put(f"/tickets/update_many?ids={one},{two}",
                   {"ticket": {"additional_tags": ["c"], "remove_tags": "a"}}))  # fmt: skip
    assert api.get(f"/tickets/{one}/tags").json["tags"] == ["b", "c"]
    assert api.get(f"/tickets/{two}/tags").json["tags"] == ["c"]
    api.put(f"/tickets/{three_}", {"ticket": {"additional_tags": ["c"]}})
    assert api.get(f"/tickets/{three_}/tags").json["tags"] == []


def test_each_ticket_may_have_its_own_change(api, finish, three, twin):
    """The list form changes each ticket in its own way; a stale stamp fails its row alone."""
    one, two, _ = three
    rows = [
        {"id": one, "comment": {"body": "note", "public": False}, "metadata": {"m": "1"}},
        {"id": two, "priority": "low", "updated_stamp": "2020-01-01T00:00:00Z", "safe_update": True},
    ]
    done = finish(api.put("/tickets/update_many", {"tickets": rows}))
    assert done["results"][0]["success"] is True
    assert done["results"][1]["error"] == "UpdateConflict"
    assert twin.world.tickets[one].audits[-1].metadata["custom"] == {"m": "1"}
    assert twin.world.tickets[two].priority is None


def test_too_many_rows_and_too_many_jobs_are_refused(api, three, twin):
    """A hundred and one tickets are 400 TooManyValues; the thirty-first job under way is 429 TooManyJobs."""
    ids = ",".join(str(n) for n in range(101))
    refused = api.put(f"/tickets/update_many?ids={ids}", {"ticket": {"priority": "low"}})
    assert (refused.status_code, refused.json["error"], refused.json["max_count"]) == (400, "TooManyValues", 100)
    twin.jobs.delay_seconds = 5
    path = f"/tickets/update_many?ids={three[0]}"
    for _ in range(30):
        assert api.put(path, {"ticket": {"priority": "low"}}).status_code == 200
    refused = api.put(path, {"ticket": {"priority": "low"}})
    assert (refused.status_code, refused.json["error"]) == (429, "TooManyJobs")
    assert len(refused.json["current_job_ids"]) == 30
    assert refused.headers["Retry-After"]


def test_tickets_are_created_and_deleted_in_jobs(api, finish, three):
    """`async=true` creates later; destroy_many deletes."""
    made = finish(api.post("/tickets?async=true", {"ticket": {"subject": "S", "comment": {"body": "x"}}}))
    assert api.get(f"/tickets/{made['results'][0]['id']}").status_code == 200
    finish(api.delete(f"/tickets/destroy_many?ids={three[0]},{three[1]}"))
    assert api.get(f"/tickets/{three[1]}").status_code == 404
    assert {row["status"] for row in api.get("/job_statuses").json["job_statuses"]} == {"completed"}


def test_reset_kills_what_waits(api, control, three, twin):
    """A job that waits when the account is reset changes nothing any more."""
    twin.jobs.delay_seconds = 0.1
    job = api.put(f"/tickets/update_many?ids={three[0]}", {"ticket": {"priority": "low"}}).json["job_status"]
    control("reset")
    assert api.get(f"/job_statuses/{job['id']}").status_code == 404
