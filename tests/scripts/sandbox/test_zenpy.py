"""A third-party client works against the twin as against the vendor."""

from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter

zenpy = pytest.importorskip("zenpy", reason="zenpy, the third-party client, is not installed")

pytestmark = pytest.mark.real

VENDOR = "https://sandbox.zendesk.com"


class Detour(HTTPAdapter):
    """Sends what is meant for the vendor's host to the twin; the client itself stays as it is."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url

    def send(self, request: Any, **kwargs: Any) -> Any:  # type: ignore[override]
        sent = request.copy()
        sent.url = request.url.replace(VENDOR, self._url)
        answer = super().send(sent, **kwargs)
        answer.request, answer.url = request, request.url
        return answer


def test_zenpy_lives_through_a_day(served):
    """zenpy creates, reads, comments, tags, searches, lists and reads the help centre."""
    from zenpy import Zenpy
    from zenpy.lib.api_objects import Comment, Ticket, Trigger, User, Webhook
    from zenpy.lib.exception import APIException, RecordNotFoundException

    url, twin = served()
    twin.world.base_url = VENDOR  # so that the addresses in answers are the vendor's, as the client expects
    session = requests.Session()
    session.trust_env = False
    session.mount("https://", Detour(url))
    client = Zenpy(
        subdomain="sandbox",
        email="deskhand@tidemark.example",
        token="sandbox-api-token",
        session=session,
        disable_cache=True,
    )
    assert client.users.me().role == "admin"

    requester = User(name="Ada Doe", email="ada@example.com")
    made = client.tickets.create(Ticket(subject="Tap", comment=Comment(body="It drips"), requester=requester))
    ticket = made.ticket
    assert ticket.status == "new"
    assert ticket.requester.email == "ada@example.com"

    ticket.comment = Comment(html_body="<p>Turn it</p>", public=False)
    ticket.status = "pending"
    audit = client.tickets.update(ticket).audit
    assert {event["type"] for event in audit.events} == {"Comment", "Change"}
    comments = list(client.tickets.comments(ticket=ticket.id))
    assert [(row.body, row.public) for row in comments] == [("It drips", True), ("Turn it", False)]
    assert comments[0].author.name == "Ada Doe"
    assert len(list(client.tickets.audits(ticket=ticket.id))) == 2

    client.tickets.add_tags(ticket.id, ["hot"])
    assert client.tickets(id=ticket.id).tags == ["hot"]
    for number in range(5):
        client.tickets.create(Ticket(subject=f"T{number}", description="x", requester_id=ticket.requester_id))
    assert len(list(client.tickets())) == 6
    assert [row.id for row in client.search(type="ticket", status="pending")] == [ticket.id]
    assert [row.email for row in client.users.search(query="email:ada@example.com")] == ["ada@example.com"]
    assert {row.id for row in client.tickets.incremental(start_time=1)} == set(range(1, 7))
    assert {group.name for group in client.groups()} >= {"Support", "Billing"}

    with twin.world.lock:
        from scripts.sandbox import acts

        acts.load(twin, {"articles": [{"title": f"A{n}", "body": "x", "draft": n == 0} for n in range(3)]})
    assert {row.title for row in client.help_center.articles()} == {"A0", "A1", "A2"}
    assert list(client.help_center.sections())
    assert list(client.help_center.categories())

    wanted = {"name": "w", "endpoint": f"{url}/x", "http_method": "POST", "request_format": "json", "status": "active"}
    hook = client.webhooks.create(Webhook(**wanted, subscriptions=["conditional_ticket_events"]))
    assert len(client.webhooks.show_secret(hook).secret) == 44
    conditions = {"all": [{"field": "status", "operator": "is", "value": "open"}], "any": []}
    actions = [{"field": "notification_webhook", "value": [hook.id, "{}"]}]
    trigger = client.triggers.create(Trigger(title="t", conditions=conditions, actions=actions))
    assert client.triggers(id=trigger.id).title == "t"

    with pytest.raises(RecordNotFoundException):
        client.tickets(id=999)
    twin.world.tickets[ticket.id].status = "closed"
    closed = client.tickets(id=ticket.id)
    closed.priority = "high"
    with pytest.raises(APIException):
        client.tickets.update(closed)


def _client(url: str) -> Any:
    from zenpy import Zenpy

    session = requests.Session()
    session.trust_env = False
    session.mount("https://", Detour(url))
    return Zenpy(
        subdomain="sandbox",
        email="deskhand@tidemark.example",
        token="sandbox-api-token",
        session=session,
        disable_cache=True,
    )


@pytest.fixture(name="desk")
def desk_fixture(served):
    """zenpy against a served twin, and the twin."""
    url, twin = served()
    twin.world.base_url = VENDOR
    return _client(url), twin


def test_zenpy_works_on_many_tickets_at_once(desk, wait_until):
    """Bulk creation and change, merging and jobs; each job completes with a row for each ticket."""
    from zenpy.lib.api_objects import Comment, Ticket

    client, _ = desk
    made = [client.tickets.create(Ticket(subject=f"T{n}", comment=Comment(body="drip"))).ticket for n in range(3)]
    for ticket in made:
        ticket.priority = "high"
    job = client.tickets.update(made)
    wait_until(lambda: client.job_status(id=job.id).status == "completed")
    assert {row.priority for row in client.tickets()} == {"high"}
    assert len(client.job_status(id=job.id).results) == 3
    job = client.tickets.merge(target=made[0].id, source=[made[1].id], target_comment="Same")
    wait_until(lambda: client.job_status(id=job.id).status == "completed")
    assert client.tickets(id=made[1].id).status == "closed"
    assert "Same" in list(client.tickets.comments(ticket=made[0].id))[-1].body
    follow_up = Ticket(via_followup_source_id=made[1].id, comment=Comment(body="again"))
    again = client.tickets.create(follow_up).ticket
    assert client.tickets(id=made[1].id).followup_ids == [again.id]
    client.tickets.delete(made[2])
    assert made[2].id not in {row.id for row in client.tickets()}


def test_zenpy_sends_files(desk, tmp_path):
    """A file that was uploaded hangs on the comment that names its token."""
    from zenpy.lib.api_objects import Comment, Ticket

    client, _ = desk
    path = tmp_path / "a.txt"
    path.write_text("hello")
    upload = client.attachments.upload(str(path), target_name="a.txt")
    ticket = client.tickets.create(Ticket(subject="S", comment=Comment(body="x", uploads=[upload.token]))).ticket
    (comment,) = client.tickets.comments(ticket=ticket.id)
    assert [(file.file_name, file.size) for file in comment.attachments] == [("a.txt", 5)]


def test_zenpy_keeps_people_and_groups(desk):
    """Users, organizations, groups, memberships, identities and tags come, change and go."""
    from zenpy.lib.api_objects import Group, GroupMembership, Identity, Organization, User

    client, _ = desk
    organization = client.organizations.create(Organization(name="Acme"))
    user = client.users.create(User(name="Bea", email="bea@x.example", organization_id=organization.id))
    user.notes = "n"
    assert client.users.update(user).notes == "n"
    assert client.users.create_or_update(User(name="Bea B", email="bea@x.example")).id == user.id
    client.users.identities.create(user, Identity(type="email", value="bea@home.example"))
    assert [row.value for row in client.users.identities(id=user.id)] == ["bea@x.example", "bea@home.example"]
    group = client.groups.create(Group(name="Night"))
    agent = next(row for row in client.users(role="agent"))
    membership = client.group_memberships.create(GroupMembership(user_id=agent.id, group_id=group.id))
    assert group.id in {row.group_id for row in client.users.group_memberships(agent.id)}
    client.group_memberships.delete(membership)
    organization.notes = "x"
    assert client.organizations.update(organization).notes == "x"
    assert {row.id for row in client.users.incremental(start_time=1)} >= {user.id}
    assert [row.name for row in client.organizations.incremental(start_time=1)] == ["Acme"]
    assert client.users.delete(user).active is False


def test_zenpy_sets_up_rules(desk):
    """Fields, views and macros are made and used; a macro's preview changes nothing."""
    from zenpy.lib.api_objects import Comment, Macro, Ticket, TicketField, View

    client, twin = desk
    field = client.ticket_fields.create(
        TicketField(title="Q", type="tagger", custom_field_options=[{"name": "A", "value": "q_a"}])
    )
    ticket = client.tickets.create(Ticket(subject="S", comment=Comment(body="x"))).ticket
    ticket.custom_fields = [{"id": field.id, "value": "q_a"}]
    assert client.tickets.update(ticket).ticket.tags == ["q_a"]
    conditions = [{"field": "status", "operator": "less_than", "value": "solved"}]
    view = client.views.create(View(title="V", all=conditions))
    assert [row.id for row in client.views.tickets(view)] == [ticket.id]
    assert client.views.count(view).value == 1
    macro = client.macros.create(Macro(title="M", actions=[{"field": "status", "value": "pending"}]))
    assert client.tickets.show_macro_effect(ticket, macro).ticket.status == "pending"
    assert twin.world.tickets[ticket.id].status == "new"
    assert [row.title for row in client.macros()][-1] == "M"
    assert {tag.name for tag in client.tags()} == {"q_a"}


def test_zenpy_reads_what_happened(desk):
    """Exports, events, ratings, suspended mail and the export of a search."""
    from scripts.sandbox import acts

    client, twin = desk
    with twin.world.lock:
        ticket, _ = acts.message(twin, {"subject": "S", "body": "drip", "requester": "ada@x.example"})
        acts.staff(twin, {"ticket_id": ticket.id, "body": "Fixed", "status": "solved"})
        acts.rate(twin, {"ticket_id": ticket.id, "score": "good"})
        acts.suspend(twin, {"subject": "Away", "requester": "b@x.example", "cause": "Automated response mail"})
    events = list(client.tickets.events(start_time=1))
    assert [row.ticket_id for row in events] == [ticket.id, ticket.id]
    assert [row.score for row in client.satisfaction_ratings()] == ["good"]
    assert [row.cause for row in client.suspended_tickets()] == ["Automated response mail"]
    assert [row.id for row in client.search_export(query="drip", type="ticket")] == [ticket.id]
    assert client.search.count(type="ticket") == 1


def test_zenpy_fills_the_help_centre(desk):
    """Categories, sections, articles and translations are made, listed, changed and found."""
    from zenpy.lib.api_objects.help_centre_objects import Article, Category, Section, Translation

    client, twin = desk
    category = client.help_center.categories.create(Category(name="C", locale="en-us"))
    section = client.help_center.sections.create(Section(name="S", category_id=category.id, locale="en-us"))
    article = client.help_center.articles.create(
        section, Article(title="Export", body="<p>payroll</p>", locale="en-us", user_segment_id=None)
    )
    assert [row.title for row in client.help_center.articles.search(query="payroll")] == ["Export"]
    client.help_center.articles.create_translation(article, Translation(locale="de", title="Ausgabe", body="x"))
    assert {row.locale for row in client.help_center.articles.translations(article)} == {"en-us", "de"}
    assert {row.user_type for row in client.help_center.user_segments()} == {"signed_in_users", "staff"}
    assert [row.id for row in client.help_center.articles(section=section)] == [article.id]
    client.help_center.articles.archive(article)
    client.help_center.categories.delete(category)
    assert not twin.world.articles
    assert section.id not in twin.world.sections


def test_zenpy_links_tickets_and_people(desk):
    """Copies, followers, a problem with its incident, and a status of the account's own."""
    from zenpy.lib.api_objects import Comment, CustomStatus, Ticket

    client, twin = desk
    copies = [{"user_email": "cc@example.com", "action": "put"}]
    problem = client.tickets.create(
        Ticket(subject="P", type="problem", comment=Comment(body="x"), email_ccs=copies)
    ).ticket
    assert [person.email for person in problem.collaborators] == ["cc@example.com"]
    incident = Ticket(subject="I", type="incident", problem_id=problem.id, comment=Comment(body="x"))
    made = client.tickets.create(incident).ticket
    assert [row.id for row in client.tickets.incidents(problem)] == [made.id]
    assert made.problem.id == problem.id
    status = client.custom_statuses.create(CustomStatus(status_category="open", agent_label="At the lab"))
    made.custom_status_id = status.id
    assert client.tickets.update(made).ticket.status == "open"
    assert twin.world.tickets[made.id].custom_status_id == status.id
