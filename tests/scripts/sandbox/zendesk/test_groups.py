"""Groups, memberships, identities, tags and settings."""


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


def test_further_address_is_the_same_person(api, control, ticket, twin):
    """Mail from a second address is the user's; made primary, the two change places."""
    ada = twin.world.tickets[ticket].requester_id
    path = f"/users/{ada}/identities"
    made = api.post(path, {"identity": {"type": "email", "value": "ada@home.example"}})
    assert made.status_code == 201
    second = made.json["identity"]
    assert (second["primary"], second["verified"]) == (False, False)
    other = control("messages", subject="S", body="x", requester="ada@home.example")["ticket_id"]
    assert twin.world.tickets[other].requester_id == ada
    assert api.put(f"{path}/{second['id']}/verify").json["identity"]["verified"] is True
    rows = api.put(f"{path}/{second['id']}/make_primary").json["identities"]
    assert [(row["value"], row["primary"]) for row in rows] == [("ada@home.example", True), ("ada@example.com", False)]
    assert api.get(f"/users/{ada}").json["user"]["email"] == "ada@home.example"
    taken = api.post(path, {"identity": {"type": "email", "value": "ada@example.com"}})
    assert taken.status_code == 422
    assert api.delete(f"{path}/{rows[0]['id']}").status_code == 422
    assert api.delete(f"{path}/{rows[1]['id']}").status_code == 204
    assert twin.world.user_by_email("ada@example.com") is None


def test_tags_in_use_are_counted(api, control):
    """The list has the most used tag first; completion wants two letters."""
    for tags in (["hot", "vip"], ["hot"]):
        control("messages", subject="S", body="x", requester="a@x.example", tags=tags)
    assert api.get("/tags").json["tags"] == [{"name": "hot", "count": 2}, {"name": "vip", "count": 1}]
    assert api.get("/autocomplete/tags?name=vi").json["tags"] == ["vip"]
    assert api.get("/tags/count").json["count"]["value"] == 2


def test_settings_name_the_limits(api):
    """The account tells its attachment limit and that group names may repeat."""
    settings = api.get("/account/settings").json["settings"]
    assert settings["limits"]["attachment_size"] == 52428800
    assert settings["groups"]["check_group_name_uniqueness"] is False
