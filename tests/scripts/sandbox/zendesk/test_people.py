"""Users, organizations and groups over the API."""


def test_create_or_update_makes_then_finds(api):
    """A new address is 201, a known one 200 and changed."""
    first = api.post("/users/create_or_update", {"user": {"name": "Z", "email": "z@x.example"}})
    again = api.post("/users/create_or_update", {"user": {"name": "Zoe", "email": "Z@X.example", "tags": ["VIP one"]}})
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json["user"]["id"] == first.json["user"]["id"]
    assert again.json["user"]["name"] == "Zoe"
    assert again.json["user"]["tags"] == ["vip_one"]


def test_users_are_found_by_address_name_and_id(api, ticket):
    """Search takes `email:` or words; show_many leaves out the unknown."""
    (user,) = api.get("/users/search?query=email:ada@example.com").json["users"]
    assert user["role"] == "end-user"
    assert api.get("/users/search?query=ada").json["count"] == 1
    assert api.get(f"/users/show_many?ids={user['id']},1").json["count"] == 1
    assert api.get("/users/1").json["error"] == "RecordNotFound"
    assert api.get(f"/users/{user['id']}/tickets/requested").json["count"] == 1
    assert api.get(f"/users/{user['id']}/identities").json["identities"][0]["value"] == "ada@example.com"


def test_organizations_have_one_name_and_claim_domains(api):
    """A second organization of the same name is 422; new users of its domain join it."""
    made = api.post(
        "/organizations", {"organization": {"name": "Acme", "domain_names": ["acme.example"], "tags": ["vip"]}}
    )
    assert made.status_code == 201
    key = made.json["organization"]["id"]
    assert api.post("/organizations", {"organization": {"name": "ACME"}}).status_code == 422
    user = api.post("/users", {"user": {"name": "W", "email": "w@acme.example"}}).json["user"]
    assert user["organization_id"] == key
    assert api.get(f"/organizations/show_many?ids={key}").json["organizations"][0]["tags"] == ["vip"]
    assert api.get(f"/organizations/{key}").json["organization"]["name"] == "Acme"


def test_deleted_groups_are_flagged_and_not_assignable(api):
    """The list keeps a deleted group with its flag; `assignable` leaves it out; names may repeat."""
    first = api.post("/groups", {"group": {"name": "Night"}}).json["group"]
    assert api.post("/groups", {"group": {"name": "Night"}}).status_code == 201
    assert api.delete(f"/groups/{first['id']}").status_code == 204
    rows = {row["id"]: row for row in api.get("/groups").json["groups"]}
    assert rows[first["id"]]["deleted"] is True
    assert first["id"] not in {row["id"] for row in api.get("/groups/assignable").json["groups"]}


def test_membership_needs_an_agent(api, ticket, twin):
    """An agent joins a group once; an end user never."""
    group = api.post("/groups", {"group": {"name": "Night"}}).json["group"]["id"]
    priya = twin.world.user_by_email("priya@tidemark.example").id
    pair = {"group_membership": {"user_id": priya, "group_id": group}}
    assert api.post("/group_memberships", pair).status_code == 201
    assert api.post("/group_memberships", pair).status_code == 422
    ada = twin.world.user_by_email("ada@example.com").id
    assert api.post("/group_memberships", {"group_membership": {"user_id": ada, "group_id": group}}).status_code == 422
