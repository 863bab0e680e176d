"""A long working day over the API: every call that the twin answers and the vendor's description covers."""

import time
from collections.abc import Callable
from typing import Any

Call = Callable[..., Any]


def whole_day(api: Any, control: Call) -> None:
    """Call everything once, each with something to show."""
    person = {"name": "Ada Doe", "email": "ada@example.com"}
    for number in range(4):
        control("messages", subject=f"T{number}", body="drip", requester=person, organization={"name": "Acme"},
                attachments=[{"name": "a.txt", "content": "x"}])  # fmt: skip
    users = api.get("/users?role[]=agent").json["users"]
    agent, requester = users[0]["id"], api.get("/users/search?query=email:ada@example.com").json["users"][0]["id"]
    group = api.get("/groups").json["groups"][0]["id"]
    _people(api, agent, requester)
    _groups(api, agent)
    _tickets(api, agent, group)
    _links(api, agent)
    _rules(api, group)
    _fields(api)
    _views(api)
    _ratings(api, control, agent)
    _exports(api)


def _settle(api: Any, answer: Any) -> None:
    job = answer.json["job_status"]
    for _ in range(200):
        if api.get(f"/job_statuses/{job['id']}").json["job_status"]["status"] == "completed":
            return
        time.sleep(0.02)
    raise AssertionError("the job did not complete")


def _people(api: Any, agent: int, requester: int) -> None:
    api.get("/users/me")
    api.get("/users/count")
    api.get(f"/users/{requester}")
    api.get(f"/users/show_many?ids={agent},{requester}")
    made = api.post("/users", {"user": {"name": "Bea", "email": "bea@example.com", "tags": ["gold"]}})
    number = made.json["user"]["id"]
    api.put(f"/users/{number}", {"user": {"notes": "n"}})
    api.post("/users/create_or_update", {"user": {"name": "Bea B", "email": "bea@example.com"}})
    path = f"/users/{number}/identities"
    second = api.post(path, {"identity": {"type": "email", "value": "bea@home.example", "user_id": number}}).json
    api.get(path)
    one = f"{path}/{second['identity']['id']}"
    api.get(one)
    api.put(f"{one}/verify")
    api.put(f"{one}/make_primary")
    api.delete(one)
    api.get(f"/users/{requester}/tickets/requested")
    api.delete(f"/users/{number}")
    made = api.post("/organizations", {"organization": {"name": "Globe", "domain_names": ["globe.example"]}})
    number = made.json["organization"]["id"]
    api.get("/organizations")
    api.get(f"/organizations/{number}")
    api.get(f"/organizations/show_many?ids={number}")
    api.get("/organizations/search?name=Globe")
    api.put(f"/organizations/{number}", {"organization": {"notes": "n"}})
    api.delete(f"/organizations/{number}")


def _groups(api: Any, agent: int) -> None:
    group = api.post("/groups", {"group": {"name": "Night", "description": "d"}}).json["group"]["id"]
    api.get(f"/groups/{group}")
    api.get("/groups/assignable")
    api.put(f"/groups/{group}", {"group": {"name": "Late"}})
    made = api.post("/group_memberships", {"group_membership": {"user_id": agent, "group_id": group}})
    number = made.json["group_membership"]["id"]
    api.get("/group_memberships")
    api.get("/group_memberships/assignable")
    api.get(f"/group_memberships/{number}")
    api.put(f"/users/{agent}/group_memberships/{number}/make_default")
    api.get(f"/users/{agent}/group_memberships")
    api.get(f"/groups/{group}/memberships")
    api.get(f"/groups/{group}/users")
    api.get(f"/users/{agent}/groups")
    api.delete(f"/group_memberships/{number}")
    api.delete(f"/groups/{group}")


def _tickets(api: Any, agent: int, group: int) -> None:
    upload = api.post("/uploads?filename=a.txt", None, data=b"x", content_type="text/plain")
    token = upload.get_json(force=True)["upload"]["token"]
    number = upload.get_json(force=True)["upload"]["attachment"]["id"]
    api.get(f"/attachments/{number}")
    comment = {"body": "x", "public": False, "uploads": [token]}
    made = api.post("/tickets", {"ticket": {"subject": "S", "comment": comment, "priority": "low", "tags": ["a"]}})
    ticket = made.json["ticket"]["id"]
    comment = {"html_body": "<p>x</p>", "public": True}
    stamp = made.json["ticket"]["updated_at"]
    change = {"comment": comment, "status": "open", "assignee_id": agent, "metadata": {"m": "1"}, "safe_update": True,
              "updated_stamp": stamp}  # fmt: skip
    api.put(f"/tickets/{ticket}", {"ticket": change})
    api.get("/tickets")
    api.get("/tickets?page[size]=2")
    api.get(f"/tickets/{ticket}")
    api.get(f"/tickets/show_many?ids=1,{ticket}")
    api.get("/tickets/count")
    for part in ("comments", "audits", "related", "collaborators", "email_ccs", "followers", "incidents", "tags"):
        api.get(f"/tickets/{ticket}/{part}")
    shown = api.get("/tickets/1/comments").json["comments"][0]
    api.put(f"/tickets/1/comments/{shown['id']}/redact", {"text": shown["body"][:2]})
    api.put(f"/tickets/1/comments/{shown['id']}/make_private")
    api.get("/ticket_audits")
    api.put(f"/tickets/{ticket}/tags", {"tags": ["b"]})
    api.post(f"/tickets/{ticket}/tags", {"tags": ["c"]})
    api.delete(f"/tickets/{ticket}/tags", {"tags": ["c"]})
    _settle(api, api.put("/tickets/update_many?ids=1,2,99", {"ticket": {"additional_tags": ["x"]}}))
    merging = {"ids": [2], "target_comment": "t", "source_comment": "s", "target_comment_is_public": False,
               "source_comment_is_public": False}  # fmt: skip
    _settle(api, api.post(f"/tickets/{ticket}/merge", merging))
    _settle(api, api.delete("/tickets/destroy_many?ids=3"))
    jobs = api.get("/job_statuses").json["job_statuses"]
    api.get(f"/job_statuses/show_many?ids={jobs[0]['id']}")
    api.delete("/tickets/4")
    unused = api.post("/uploads?filename=b.txt", None, data=b"x", content_type="text/plain")
    api.delete(f"/uploads/{unused.get_json(force=True)['upload']['token']}")
    api.get("/tags")
    api.get("/tags/count")
    api.get("/autocomplete/tags?name=xx")
    api.get("/account/settings")
    api.get("/brands")


def _links(api: Any, agent: int) -> None:
    """Copies, followers, problems with incidents, custom statuses."""
    copies = [{"user_email": "cc@example.com", "user_name": "Cc", "action": "put"}]
    problem = {"subject": "Down", "comment": {"body": "x"}, "type": "problem", "email_ccs": copies,
               "followers": [{"user_id": str(agent), "action": "put"}]}  # fmt: skip
    number = api.post("/tickets", {"ticket": problem}).json["ticket"]["id"]
    incident = {"subject": "Also down", "comment": {"body": "x"}, "type": "incident", "problem_id": number}
    api.post("/tickets", {"ticket": incident})
    for part in ("", "/collaborators", "/email_ccs", "/followers", "/incidents", "/related", "/audits"):
        api.get(f"/tickets/{number}{part}")
    api.get("/problems")
    api.post("/problems/autocomplete?text=down")
    wanted = {"status_category": "open", "agent_label": "With the lab", "end_user_label": "Being looked at"}
    status = api.post("/custom_statuses", {"custom_status": wanted}).json["custom_status"]["id"]
    api.get("/custom_statuses")
    api.get(f"/custom_statuses/{status}")
    api.put(f"/custom_statuses/{status}", {"custom_status": {"description": "d"}})
    api.put(f"/tickets/{number}", {"ticket": {"custom_status_id": status, "assignee_id": agent}})
    api.put("/custom_status/default", {"ids": str(status)})
    _forms_and_slas(api, number)
    due = {"subject": "T", "comment": {"body": "x"}, "type": "task", "due_at": "2030-01-01T09:00:00Z"}
    api.post("/tickets", {"ticket": due})


def _forms_and_slas(api: Any, ticket: int) -> None:
    form = api.post("/ticket_forms", {"ticket_form": {"name": "Damage", "end_user_visible": True}}).json["ticket_form"]
    api.get("/ticket_forms")
    api.get(f"/ticket_forms/{form['id']}")
    api.get(f"/ticket_forms/show_many?ids={form['id']}")
    api.put(f"/tickets/{ticket}", {"ticket": {"ticket_form_id": form["id"]}})
    api.put("/ticket_forms/reorder", {"ticket_form_ids": [form["id"]]})
    copy = api.post(f"/ticket_forms/{form['id']}/clone", {}).json["ticket_form"]
    api.put(f"/ticket_forms/{copy['id']}", {"ticket_form": {"name": "Loss"}})
    api.delete(f"/ticket_forms/{copy['id']}")
    incidents = {"all": [{"field": "type", "operator": "is", "value": "incident"}], "any": []}
    wanted = {"title": "Urgent", "filter": incidents,
              "policy_metrics": [{"priority": "urgent", "metric": "first_reply_time", "target": 60}]}  # fmt: skip
    policy = api.post("/slas/policies", {"sla_policy": wanted}).json["sla_policy"]["id"]
    api.get("/slas/policies")
    api.get(f"/slas/policies/{policy}")
    api.put(f"/slas/policies/{policy}", {"sla_policy": {"title": "Most urgent"}})
    api.put(f"/slas/policies/reorder?sla_policy_ids={policy}", {})
    api.delete(f"/slas/policies/{policy}")


def _rules(api: Any, group: int) -> None:
    category = api.post("/trigger_categories", {"trigger_category": {"name": "Ours", "position": 1}})
    api.get("/trigger_categories")
    conditions = {"all": [{"field": "status", "operator": "is", "value": "open"}], "any": []}
    rule = {"title": "R", "conditions": conditions, "actions": [{"field": "priority", "value": "low"}],
            "category_id": category.json["trigger_category"]["id"]}  # fmt: skip
    number = api.post("/triggers", {"trigger": rule}).json["trigger"]["id"]
    for part in ("", "/active", "/search?query=R", f"/{number}"):
        api.get(f"/triggers{part}")
    api.put(f"/triggers/{number}", {"trigger": {**rule, "title": "R2"}})
    api.delete(f"/triggers/{number}")
    actions = [{"field": "status", "value": "pending"}, {"field": "comment_value", "value": "Wait"},
               {"field": "group_id", "value": str(group)}]  # fmt: skip
    number = api.post("/macros", {"macro": {"title": "A::B", "actions": actions}}).json["macro"]["id"]
    for part in ("", "/active", "/search?query=A", "/categories", f"/{number}", f"/{number}/apply"):
        api.get(f"/macros{part}")
    api.get(f"/tickets/1/macros/{number}/apply")
    api.put(f"/macros/{number}", {"macro": {"title": "C", "actions": actions}})
    api.delete(f"/macros/{number}")


def _fields(api: Any) -> None:
    wanted = {"title": "Q", "type": "tagger", "custom_field_options": [{"name": "A", "value": "q_a"}]}
    number = api.post("/ticket_fields", {"ticket_field": wanted}).json["ticket_field"]["id"]
    path = f"/ticket_fields/{number}"
    api.get("/ticket_fields")
    api.get(path)
    api.put(path, {"ticket_field": {"title": "Q2"}})
    option = api.post(f"{path}/options", {"custom_field_option": {"name": "B", "value": "q_b"}}).json
    api.get(f"{path}/options")
    api.put("/tickets/1", {"ticket": {"custom_fields": [{"id": number, "value": "q_b"}]}})
    api.get("/tickets/1")
    api.delete(f"{path}/options/{option['custom_field_option']['id']}")
    api.delete(path)


def _views(api: Any) -> None:
    conditions = [{"field": "status", "operator": "less_than", "value": "closed"}]
    view = {"title": "V", "all": conditions, "description": "d", "output": {"columns": ["subject", "requester"]}}
    number = api.post("/views", {"view": view}).json["view"]["id"]
    for part in ("", "/active", "/search?query=V", "/count", f"/{number}", f"/{number}/execute", f"/{number}/tickets",
                 f"/{number}/count", f"/count_many?ids={number}"):  # fmt: skip
        api.get(f"/views{part}")
    api.put(f"/views/{number}", {"view": {"title": "V2"}})
    api.delete(f"/views/{number}")


def _ratings(api: Any, control: Call, agent: int) -> None:
    api.put("/tickets/1", {"ticket": {"status": "solved", "assignee_id": agent}})
    control("ratings", ticket_id=1, score="good", comment="fine", reason="quick")
    row = api.get("/satisfaction_ratings?score=received").json["satisfaction_ratings"][0]
    api.get("/satisfaction_ratings/count")
    api.get(f"/satisfaction_ratings/{row['id']}")
    ids = [control("suspend", subject="S", body="x", requester={"email": f"s{n}@x.example"})["suspended_ticket_id"]
           for n in range(4)]  # fmt: skip
    api.get("/suspended_tickets")
    api.get(f"/suspended_tickets/{ids[0]}")
    api.put(f"/suspended_tickets/{ids[0]}/recover")
    api.put(f"/suspended_tickets/recover_many?ids={ids[1]}")
    api.delete(f"/suspended_tickets/{ids[2]}")
    api.delete(f"/suspended_tickets/destroy_many?ids={ids[3]}")


def _exports(api: Any) -> None:
    for part in ("tickets/cursor", "tickets", "tickets/sample", "users", "users/cursor", "organizations",
                 "ticket_events"):  # fmt: skip
        api.get(f"/incremental/{part}?start_time=0")
    api.get("/search?query=drip")
    api.get("/search/count?query=drip")
    api.get("/search/export?query=drip&filter[type]=ticket&page[size]=2")
