"""A long working day over the API: every call that the twin answers and the vendor's description covers."""

from collections.abc import Callable
from typing import Any

Call = Callable[..., Any]
BOT = "7009"


def whole_day(api: Any, control: Call) -> None:
    """Call everything once, each with something to show."""
    person = {"name": "Ada Doe", "email": "ada@example.com", "tags": ["vip"]}
    talks = []
    for number in range(4):
        made = control("messages", subject=f"T{number}", body="drip", requester=person, organization={"name": "Acme"},
                       channel="email" if number % 2 else "messenger",
                       attachments=[{"name": "a.txt", "content": "x"}])  # fmt: skip
        talks.append(made["ticket_id"])
    _people(api)
    _contacts(api)
    _tags(api, talks[0])
    _attributes(api)
    _conversations(api, control, talks)
    _library(api)


def _people(api: Any) -> None:
    api.get("/me")
    api.get("/admins")
    api.get("/admins/7001")
    api.get("/teams")
    api.get("/teams/5017")
    api.get("/macros")
    api.get("/macros/1")
    api.get("/ticket_types")
    api.get("/ticket_states")


def _contacts(api: Any) -> None:
    lead = api.post("/contacts", {"role": "lead", "name": "Leo"}).json["id"]
    user = api.post("/contacts", {"role": "user", "email": "bea@example.com", "external_id": "b-1", "name": "Bea"})
    number = user.json["id"]
    api.get("/contacts")
    api.get(f"/contacts/{number}")
    api.get("/contacts/find_by_external_id/b-1")
    api.put(f"/contacts/{number}", {"name": "Bea B", "custom_attributes": {"plan": "gold"}})
    query = {"query": {"field": "email", "operator": "=", "value": "bea@example.com"},
             "sort": {"field": "created_at", "order": "ascending"}, "pagination": {"per_page": 5}}  # fmt: skip
    assert api.post("/contacts/search", query).json["total_count"] == 1
    api.post("/contacts/merge", {"from": lead, "into": number})
    company = api.post("/companies", {"company_id": "globe", "name": "Globe"}).json["id"]
    api.get(f"/companies/{company}")
    api.get("/companies")
    api.post(f"/contacts/{number}/companies", {"id": company})
    api.get(f"/contacts/{number}/companies")
    api.post(f"/contacts/{number}/archive")
    api.post(f"/contacts/{number}/unarchive")
    api.delete(f"/contacts/{number}")


def _tags(api: Any, talk: str) -> None:
    tag = api.post("/tags", {"name": "ai-escalated"}).json["id"]
    api.get("/tags")
    api.get(f"/tags/{tag}")
    api.post(f"/conversations/{talk}/tags", {"id": tag, "admin_id": BOT})
    api.get(f"/conversations/{talk}")
    api.delete(f"/conversations/{talk}/tags/{tag}", {"admin_id": BOT})
    person = api.get("/contacts").json["data"][0]["id"]
    api.post(f"/contacts/{person}/tags", {"id": tag})
    api.get(f"/contacts/{person}/tags")
    api.delete(f"/contacts/{person}/tags/{tag}")
    api.delete(f"/tags/{tag}")


def _attributes(api: Any) -> None:
    made = api.post("/conversations/attributes", {"name": "ai_category", "data_type": "list",
                                                  "options": [{"label": "billing"}]}).json  # fmt: skip
    path = f"/conversations/attributes/{made['id']}"
    for kind in ("string", "integer", "decimal", "boolean", "datetime"):
        api.post("/conversations/attributes", {"name": f"ai_{kind}", "data_type": kind})
    api.get("/conversations/attributes")
    api.get(path)
    api.put(path, {"description": "What it is about"})
    grown = api.post(f"{path}/options", {"label": "bugs"}).json
    option = grown["options"][-1]["id"]
    api.put(f"{path}/options/{option}", {"label": "defects"})
    api.delete(f"{path}/options/{option}")
    old = api.post("/conversations/attributes", {"name": "old", "data_type": "string"}).json
    api.delete(f"/conversations/attributes/{old['id']}")
    api.get("/data_attributes")
    made = api.post("/data_attributes", {"name": "plan", "model": "contact", "data_type": "string"}).json
    api.put(f"/data_attributes/{made['id']}", {"archived": False, "description": "Which plan"})


def _conversations(api: Any, control: Call, talks: list[str]) -> None:
    one, two, three, four = talks
    person = api.get(f"/conversations/{one}").json["contacts"]["contacts"][0]["id"]
    api.post("/conversations", {"from": {"type": "user", "id": person}, "body": "It drips again"})
    api.get("/conversations?per_page=2")
    api.get(f"/conversations/{one}?display_as=plaintext")
    note = {"message_type": "note", "type": "admin", "admin_id": BOT, "body": "<p><b>Draft</b></p>"}
    api.post(f"/conversations/{one}/reply", note)
    answer = {"message_type": "comment", "type": "admin", "admin_id": BOT, "body": "<p>Turn it</p>"}
    part = api.post(f"/conversations/{one}/reply", answer).json["conversation_parts"]["conversation_parts"][0]
    said = {"message_type": "comment", "type": "user", "intercom_user_id": person, "body": "Thanks"}
    api.post(f"/conversations/{one}/reply", said)
    _manage(api, one)
    api.put(f"/conversations/{one}", {"read": True, "title": "Tap", "custom_attributes": {"ai_category": "billing"}})
    control("ratings", ticket_id=one, rating=4, comment="Quick")
    query = {"operator": "AND", "value": [{"field": "updated_at", "operator": ">", "value": 1},
                                          {"field": "state", "operator": "=", "value": "open"}]}  # fmt: skip
    asked = {"query": query, "pagination": {"per_page": 2}}
    found = api.post("/conversations/search", asked).json
    assert found["pages"]["next"]["starting_after"]
    redact = {"type": "conversation_part", "conversation_id": one, "conversation_part_id": part["id"]}
    api.post("/conversations/redact", redact)
    api.post("/contacts", {"role": "user", "email": "cy@example.com"})
    customer = {"admin_id": BOT, "customer": {"email": "cy@example.com"}}
    grown = api.post(f"/conversations/{two}/customers", customer).json["contacts"]["contacts"]
    api.delete(f"/conversations/{two}/customers/{grown[-1]['id']}", {"admin_id": BOT})
    ticket = api.post(f"/conversations/{two}/convert", {"ticket_type_id": "53"}).json["id"]
    api.get(f"/tickets/{ticket}")
    api.get(f"/conversations/{two}")
    api.post(f"/conversations/{three}/merge", {"merge_into_conversation_id": int(four)})
    api.delete(f"/conversations/{three}")
    api.get("/conversations/deleted")


def _manage(api: Any, talk: str) -> None:
    path, by = f"/conversations/{talk}/parts", {"type": "admin", "admin_id": BOT}
    api.post(path, {"message_type": "assignment", "type": "team", "admin_id": BOT, "assignee_id": "5017"})
    api.post(path, {"message_type": "assignment", "assignee_id": "7001", "body": "Handing over", **by})
    api.post(path, {"message_type": "snoozed", "admin_id": BOT, "snoozed_until": 4102444800})
    api.post(path, {"message_type": "open", "admin_id": BOT})
    api.post(path, {"message_type": "close", "body": "Bye", **by})
    api.post(path, {"message_type": "open", "admin_id": BOT})


def _library(api: Any) -> None:
    shelf = api.post("/help_center/collections", {"name": "Taps", "description": "All of them"}).json["id"]
    api.get("/help_center/collections")
    api.get(f"/help_center/collections/{shelf}")
    api.put(f"/help_center/collections/{shelf}", {"name": "Taps and pipes"})
    german = {"title": "Hahn", "description": "", "body": "<p>Drehen</p>", "state": "draft"}
    made = api.post("/articles", {"title": "Taps", "author_id": 7009, "body": "<p>Turn</p>", "state": "published",
                                  "parent_id": int(shelf), "parent_type": "collection",
                                  "translated_content": {"type": "article_translated_content",
                                                         "de": german}})  # fmt: skip
    number = made.json["id"]
    api.get("/articles")
    api.get(f"/articles/{number}")
    api.put(f"/articles/{number}", {"state": "draft"})
    api.get("/articles/search?phrase=taps&state=all&highlight=true")
    api.delete(f"/articles/{number}")
    api.delete(f"/help_center/collections/{shelf}")
    centre = api.get("/help_center/help_centers").json["data"][0]["id"]
    api.get(f"/help_center/help_centers/{centre}")
    inside = api.get("/internal_articles").json["data"][0]["id"]
    api.get(f"/internal_articles/{inside}")
