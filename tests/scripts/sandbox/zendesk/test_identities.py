"""The ways to reach a user over the API."""


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
