"""Groups and who is in them."""


def test_membership_comes_and_goes(api, control, ticket, twin):
    """An agent joins, is listed, gets it as default, and leaves; open tickets there are nobody's then."""
    group = api.post("/groups", {"group": {"name": "Night"}}).json["group"]["id"]
    lena = twin.world.user_by_email("lena@tidemark.example").id
    made = api.post("/group_memberships", {"group_membership": {"user_id": lena, "group_id": group}})
    assert made.status_code == 201
    number = made.json["group_membership"]["id"]
    again = api.post("/group_memberships", {"group_membership": {"user_id": lena, "group_id": group}})
    assert again.status_code == 422
    assert [row["id"] for row in api.get(f"/groups/{group}/memberships").json["group_memberships"]] == [number]
    mine = api.put(f"/users/{lena}/group_memberships/{number}/make_default").json["group_memberships"]
    assert [row["group_id"] for row in mine if row["default"]] == [group]
    api.put(f"/tickets/{ticket}", {"ticket": {"group_id": group, "assignee_id": lena}})
    assert api.delete(f"/group_memberships/{number}").status_code == 204
    assert api.get(f"/group_memberships/{number}").status_code == 404
    assert api.get(f"/tickets/{ticket}").json["ticket"]["assignee_id"] is None
    assert group not in [row["id"] for row in api.get(f"/users/{lena}/groups").json["groups"]]


def test_membership_numbers_are_all_different(api):
    """No two memberships share a number."""
    rows = api.get("/group_memberships").json["group_memberships"]
    assert len({row["id"] for row in rows}) == len(rows) == 10


def test_deleted_group_is_still_listed(api, twin):
    """A deleted group has its mark, and is not assignable; a renamed one keeps its people."""
    group = api.post("/groups", {"group": {"name": "Night"}}).json["group"]["id"]
    assert api.put(f"/groups/{group}", {"group": {"name": "Late"}}).json["group"]["name"] == "Late"
    assert api.delete(f"/groups/{group}").status_code == 204
    assert {row["id"]: row["deleted"] for row in api.get("/groups").json["groups"]}[group] is True
    assert group not in [row["id"] for row in api.get("/groups/assignable").json["groups"]]
    assert api.put(f"/groups/{group}", {"group": {"name": "x"}}).status_code == 404
