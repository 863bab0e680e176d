"""Contacts, fields, tags and the help centre over the API: what is made, found, refused."""


def test_a_contact_twice_is_a_conflict_that_names_the_first(api):
    """409, and the message ends with the id; a lead may share a user's address."""
    made = api.post("/contacts", {"role": "user", "email": "ada@example.com", "external_id": "a-1"}).json["id"]
    for given in ({"role": "user", "email": "ADA@example.com"}, {"role": "user", "external_id": "a-1"}):
        refused = api.post("/contacts", given)
        assert (refused.status_code, refused.json["errors"][0]["code"]) == (409, "conflict")
        assert refused.json["errors"][0]["message"].endswith(f"id={made}")
    assert api.post("/contacts", {"role": "lead", "email": "ada@example.com"}).status_code == 200


def test_a_merged_contact_points_to_who_is_left(api, control):
    """410 with a Link; the lead's conversations are the user's."""
    talk = control("messages", body="x", requester={"name": "Leo", "email": "leo@example.com", "role": "lead"})
    lead = api.get(f"/conversations/{talk['ticket_id']}").json["contacts"]["contacts"][0]["id"]
    user = api.post("/contacts", {"role": "user", "email": "leo@work.example"}).json["id"]
    assert api.post("/contacts/merge", {"from": user, "into": lead}).status_code == 400
    assert api.post("/contacts/merge", {"from": lead, "into": user}).json["id"] == user
    gone = api.get(f"/contacts/{lead}")
    assert (gone.status_code, gone.json["errors"][0]["code"], user in gone.headers["Link"]) == (
        410,
        "contact_merged",
        True,
    )
    left = api.get(f"/conversations/{talk['ticket_id']}").json["contacts"]["contacts"]
    assert [one["id"] for one in left] == [user]


def test_contacts_are_searched_by_day(api, control):
    """`>` begins with the next day; orders that do not exist are refused."""
    control("messages", body="x", requester="ada@example.com")
    now = control("clock", seconds=0)["now"]

    def found(operator, value):
        query = {"field": "created_at", "operator": operator, "value": value}
        return api.post("/contacts/search", {"query": query}).json["total_count"]

    assert (found(">", now), found(">", now - 86400), found("<", now), found("<", now + 86400)) == (0, 1, 0, 1)
    sort = {"query": {"field": "role", "operator": "=", "value": "user"}, "sort": {"field": "name", "order": "up"}}
    assert api.post("/contacts/search", sort).json["errors"][0]["code"] == "invalid_sort_order"


def test_attributes_take_what_their_type_takes(api, talk):
    """Labels of a list, numbers, truth; what is unknown or unfit is 400, and archived ones are unknown."""
    made = api.post("/conversations/attributes", {"name": "Topic", "data_type": "list", "options": [{"label": "bugs"}]})
    api.post("/conversations/attributes", {"name": "Count", "data_type": "integer"})

    def put(**values):
        answer = api.put(f"/conversations/{talk}", {"custom_attributes": values})
        return answer.json["custom_attributes"] if answer.status_code == 200 else answer.json["errors"][0]["code"]

    assert put(Topic="bugs", Count=3) == {"Topic": "bugs", "Count": 3}
    assert [put(Topic="none"), put(Count="3"), put(Count=True), put(Nope="x")] == ["parameter_invalid"] * 4
    assert put(Count=None)["Count"] is None
    kinds = [part["part_type"] for part in
             api.get(f"/conversations/{talk}").json["conversation_parts"]["conversation_parts"]]  # fmt: skip
    assert kinds == ["conversation_attribute_updated_by_admin"] * 3
    api.delete(f"/conversations/attributes/{made.json['id']}")
    assert put(Topic="bugs") == "parameter_invalid"
    twice = api.post("/conversations/attributes", {"name": "Count", "data_type": "integer"})
    assert twice.status_code == 422


def test_data_attributes_of_conversations_are_elsewhere_from_2_16_on(api):
    """Below they are listed with the others; a name twice is 400."""
    assert api.get("/data_attributes?model=conversation").status_code == 422
    older = api.get("/data_attributes?model=conversation", version="2.15").json["data"]
    assert {row["name"] for row in older} == {"Ticket category", "Reference"}
    given = {"name": "plan", "model": "contact", "data_type": "string"}
    assert [api.post("/data_attributes", given).status_code for _ in range(2)] == [200, 400]


def test_tags_are_found_by_name_in_any_case(api, talk):
    """Put on twice is once; a strange tag and one that is not there are 404; one in use stays."""
    tag = api.post("/tags", {"name": "Hot"}).json["id"]
    assert api.post("/tags", {"name": "hOT"}).json == {"type": "tag", "id": tag, "name": "Hot"}
    for _ in range(2):
        given = api.post(f"/conversations/{talk}/tags", {"id": tag, "admin_id": "7009"})
        assert given.json["applied_by"] == {"type": "admin", "id": "7009"}
    assert len(api.get(f"/conversations/{talk}").json["tags"]["tags"]) == 1
    assert api.delete(f"/tags/{tag}").status_code == 400
    api.delete(f"/conversations/{talk}/tags/{tag}", {"admin_id": "7009"})
    again = api.delete(f"/conversations/{talk}/tags/{tag}", {"admin_id": "7009"})
    assert again.json["errors"][0]["code"] == "tag_not_found"
    assert api.post(f"/conversations/{talk}/tags", {"id": "1", "admin_id": "7009"}).status_code == 404


def test_articles_have_a_state_for_each_locale(api):
    """Drafts have no address; a locale the help centre lacks is refused; pages are counted."""
    german = {"title": "Hahn", "body": "<p>Drehen</p>", "state": "draft"}
    made = api.post("/articles", {"title": "Taps", "author_id": 7009, "body": "<p>Turn</p>", "state": "published",
                                  "translated_content": {"de": german}}).json  # fmt: skip
    states = {place: row["state"] for place, row in made["translated_content"].items() if place != "type"}
    assert states == {"en": "published", "de": "draft"}
    assert "url" not in made["translated_content"]["de"]
    french = {"title": "Robinets", "author_id": 7009, "translated_content": {"fr": german}}
    assert api.post("/articles", french).status_code == 400
    assert api.put(f"/articles/{made['id']}", {"state": "draft"}).json["url"] is None
    for number in range(4):
        api.post("/articles", {"title": f"A{number}", "author_id": 7009})
    pages = [api.get(f"/articles?page={page}&per_page=2").json for page in (1, 2, 3)]
    assert len({row["id"] for page in pages for row in page["data"]}) == 5
    assert [bool(page["pages"]["next"]) for page in pages] == [True, True, False]
    assert "parent_id" in api.get(f"/articles/{made['id']}", version="2.15").json


def test_only_a_customers_ticket_type_converts(api, talk):
    """400 for the others and for a second time; the ticket has the thread under ids of its own."""
    assert api.post(f"/conversations/{talk}/convert", {"ticket_type_id": "54"}).status_code == 400
    ticket = api.post(f"/conversations/{talk}/convert", {"ticket_type_id": "53"}).json
    assert ticket["ticket_state"]["category"] == "submitted"
    assert ticket["id"] != ticket["ticket_id"]
    assert api.post(f"/conversations/{talk}/convert", {"ticket_type_id": "53"}).status_code == 400
    assert api.get(f"/tickets/{ticket['id']}", version="2.11").json["ticket_state"] == "submitted"
