"""What people do in the sandbox: a requester writes, staff answer, old things are loaded. Control and inbox share it.

Wrong input raises ValueError with words for whoever sent it. The caller holds the account's lock.
"""

from collections.abc import Mapping
from typing import Any

from scripts.sandbox import files, richtext, seed
from scripts.sandbox.desk import NewComment, Origin
from scripts.sandbox.records import Rating, SuspendedTicket
from scripts.sandbox.state import STATUSES, Article, Category, Group, Organization, Section, Ticket, User, clean_tags
from scripts.sandbox.twin import Twin

FLAGS = {"untrusted": 0, "not_in_conversation": 2, "not_signed_in": 3, "automatic": 4, "on_behalf": 11}


def message(twin: Twin, values: Mapping[str, Any]) -> tuple[Ticket, int]:
    """Write as a requester: a new ticket, or with `ticket_id` a reply. Returns the ticket and the comment's id.

    A reply to a closed ticket opens a follow-up, which is the ticket returned. With `opened_by` "staff" a new ticket is
    one that staff (`staff` says who) wrote to or for the requester: they are its author.
    """
    ticket_id = values.get("ticket_id")
    ticket = _ticket(twin, ticket_id) if ticket_id is not None else None
    requester = _author(twin, values, ticket)
    opener = _opener(twin, values, ticket)
    author = opener or requester
    comment = NewComment(
        author=author,
        text=str(values.get("body") or ""),
        html=str(values.get("html") or ""),
        flags=tuple(_flag(name) for name in values.get("flags") or ()),
        attachments=tuple(_attachment(twin, row) for row in values.get("attachments") or ()),
    )
    has_content = comment.text.strip() or comment.html.strip() or comment.attachments
    if not has_content and (ticket is not None or "subject" not in values):  # a mail may be a subject alone
        raise ValueError("the message is empty: give body or html")
    origin = Origin(opener, "web", "Agent interface") if opener else _requester_origin(twin, requester, values, ticket)
    if ticket is not None:
        ticket, audit = twin.desk.reply(ticket, origin, comment)
    else:
        fields = {name: values[name] for name in ("tags", "priority", "type", "external_id") if name in values}
        fields["email_cc_ids"] = _copies(twin, values, requester.id)
        ticket, audit = twin.desk.create(origin, requester, str(values.get("subject") or ""), comment, fields)
    return ticket, next(row.id for row in ticket.comments if row.audit_id == audit.id)


def staff(twin: Twin, values: Mapping[str, Any]) -> tuple[Ticket, int | None]:
    """Act as staff in the agents' own pages: reply or note, status, assignee, group, tags, or delete.

    As there, a public reply opens a new ticket, and solving a ticket nobody has gives it to who solves it.
    """
    ticket = _ticket(twin, values.get("ticket_id"))
    person = find_staff(twin, values.get("staff"))
    origin = Origin(person, "web", "Agent interface")
    if values.get("delete"):
        twin.desk.delete(ticket, origin)
        return ticket, None
    text, markup = str(values.get("body") or ""), str(values.get("html") or "")
    comment = None
    if text.strip() or markup.strip():
        comment = NewComment(person, text, markup, public=bool(values.get("public", True)) and not person.is_light)
    fields = _staff_fields(twin, ticket, values, person)
    if comment and comment.public and ticket.status == "new":
        fields.setdefault("status", "open")
    if fields.get("status") == "solved" and fields.get("assignee_id", ticket.assignee_id) is None:
        fields["assignee_id"] = person.id
    audit = twin.desk.update(ticket, origin, fields, comment)
    twin.desk.note_macros(audit, [values["macro"]] if values.get("macro") else [])
    return ticket, next((row.id for row in ticket.comments if row.audit_id == audit.id), None)


def load(twin: Twin, values: Mapping[str, Any]) -> dict[str, int]:
    """Load organizations, groups, users, articles and old tickets, without firing a rule. Returns how many of each."""
    twin.desk.is_quiet = True
    try:
        for row in values.get("organizations") or ():
            find_organization(twin, row)
        for row in values.get("groups") or ():
            find_group(twin, row["name"] if isinstance(row, dict) else row, may_create=True)
        for row in values.get("users") or ():
            find_user(twin, row)
        for row in values.get("articles") or ():
            load_article(twin, row)
        for row in values.get("tickets") or ():
            _load_ticket(twin, row)
    finally:
        twin.desk.is_quiet = False
    return {name: len(values.get(name) or ()) for name in ("organizations", "groups", "users", "articles", "tickets")}


# -- what mail and surveys bring


CAUSES = {
    "Detected as spam": 1,
    "Automated response mail": 5,
    "Detected email as being from a system user": 6,
    "Detected as mail loop": 8,
    "User is suspended": 9,
    "Other": 0,
}


def suspend(twin: Twin, values: Mapping[str, Any]) -> SuspendedTicket:
    """Let a mail wait among the suspended tickets, for one of the known causes: no ticket, no event, no trigger."""
    world, stamp = twin.world, twin.world.stamp()
    cause = str(values.get("cause") or "Detected as spam")
    if cause not in CAUSES:
        raise ValueError(f"cause is one of {', '.join(CAUSES)}")
    given = values.get("requester") or {}
    person: Mapping[str, Any] = {"email": given} if isinstance(given, str) else given
    email = str(person.get("email") or "")
    name = str(person.get("name") or email.partition("@")[0])
    user = world.user_by_email(email)
    author: dict[str, Any] = {**({"id": user.id} if user else {}), "name": name, "email": email or None}
    account = world.account
    sender = {"address": email, "name": author["name"]}
    source = {"from": sender, "to": {"address": account.support_address, "name": account.name}, "rel": None}
    row = SuspendedTicket(
        id=world.next_id(),
        author=author,
        subject=str(values.get("subject") or ""),
        content=str(values.get("body") or ""),
        cause=cause,
        cause_id=CAUSES[cause],
        recipient=account.support_address,
        via={"channel": "email", "source": source},
        created_at=stamp,
        updated_at=stamp,
    )
    row.message_id = f"<{row.id}@sandbox.example>"
    world.suspended_tickets[row.id] = row
    return row


def recover(twin: Twin, row: SuspendedTicket, requester: User | None = None) -> Ticket:
    """Make a ticket of a suspended mail, with its sender as requester unless another is named."""
    person = requester or find_user(twin, {"name": row.author["name"], "email": row.author["email"]})
    origin = Origin(person, row.via["channel"], "", row.via["source"])
    ticket, _ = twin.desk.create(origin, person, row.subject, NewComment(person, row.content))
    del twin.world.suspended_tickets[row.id]
    return ticket


def rate(twin: Twin, values: Mapping[str, Any]) -> Rating:
    """Rate a solved ticket as its requester: `score` good or bad, or "offered" when only the survey went out."""
    world, ticket = twin.world, _ticket(twin, values.get("ticket_id"))
    score = values.get("score")
    if score not in ("offered", "good", "bad"):
        raise ValueError("score is one of offered, good, bad")
    if ticket.status not in ("solved", "closed"):
        raise ValueError("only a solved ticket is rated")
    stamp = world.stamp()
    row = world.ratings.get(ticket.rating_id or 0)
    if row is None:
        row = Rating(world.next_id(), ticket.id, ticket.requester_id, None, None, "", created_at=stamp)
        world.ratings[row.id] = row
        ticket.rating_id = row.id
    row.assignee_id, row.group_id, row.updated_at = ticket.assignee_id, ticket.group_id, stamp
    row.score, row.comment, row.reason = score, values.get("comment"), values.get("reason")
    ticket.satisfaction = score
    world.touch(ticket)
    return row


# -- finding and making people


def find_user(twin: Twin, values: Mapping[str, Any]) -> User:
    """Return the user with this address, made or brought up to date; staff get their groups."""
    world = twin.world
    email = str(values.get("email") or "").strip() or None
    user = world.user_by_email(email)
    if user is None:
        name = str(values.get("name") or (email or "").partition("@")[0]).strip()
        if not name:
            raise ValueError("a person needs a name or an email")
        stamp = world.stamp()
        user = User(int(values.get("id") or world.next_id()), name, email, created_at=stamp, updated_at=stamp)
        user.organization_id = world.organization_for(email)
        world.add_user(user)
    for name in (
        "name",
        "locale",
        "role",
        "suspended",
        "is_light",
        "verified",
        "external_id",
        "details",
        "created_at",
        "user_fields",
    ):
        if values.get(name) is not None:
            setattr(user, name, values[name])
    if user.role not in ("end-user", "agent", "admin"):
        raise ValueError("role is one of end-user, agent, admin")
    if "tags" in values:
        user.tags = clean_tags(values["tags"])
    if values.get("organization"):
        user.organization_id = find_organization(twin, values["organization"]).id
    for name in values.get("groups") or ():
        group = find_group(twin, name, may_create=True)
        if user.id not in group.member_ids:
            group.member_ids.append(user.id)
        user.default_group_id = user.default_group_id or group.id
    return user


def find_organization(twin: Twin, values: Mapping[str, Any] | str) -> Organization:
    """Return the organization of this name, made if it is new; tags and domains given are set."""
    given: Mapping[str, Any] = {"name": values} if isinstance(values, str) else values
    world, name = twin.world, str(given.get("name") or "").strip()
    if not name:
        raise ValueError("an organization needs a name")
    row = next((o for o in world.organizations.values() if o.name.lower() == name.lower()), None)
    if row is None:
        stamp = world.stamp()
        row = Organization(int(given.get("id") or world.next_id()), name, created_at=stamp, updated_at=stamp)
        world.organizations[row.id] = row
    if "tags" in given:
        row.tags = clean_tags(given["tags"])
    if "domain_names" in given:
        row.domain_names = [str(domain).lower() for domain in given["domain_names"]]
    return row


def find_group(twin: Twin, name: Any, *, may_create: bool = False) -> Group:
    """Return the group with this name or id."""
    world = twin.world
    for group in world.groups.values():
        if not group.deleted and (str(group.id) == str(name) or group.name.lower() == str(name).lower()):
            return group
    if not may_create:
        raise ValueError(f"no group {name}")
    stamp = world.stamp()
    group = Group(world.next_id(), str(name), created_at=stamp, updated_at=stamp)
    world.groups[group.id] = group
    return group


def find_staff(twin: Twin, name: Any) -> User:
    """Return the staff member with this address, id or name (also the first name); without one, the first agent."""
    people = twin.world.staff()
    if name in (None, ""):
        return next(user for user in people if user.role == "agent")
    wanted = str(name).lower()
    for user in people:
        if wanted in (str(user.id), (user.email or "").lower(), user.name.lower(), user.name.split(" ")[0].lower()):
            return user
    raise ValueError(f"nobody of the staff is {name}")


def _copies(twin: Twin, values: Mapping[str, Any], requester_id: int) -> list[int]:
    """Return who gets copies by `email_ccs`: addresses in a list or in a text."""
    given = values.get("email_ccs") or ()
    rows = given.replace(",", " ").split() if isinstance(given, str) else given
    people = [find_user(twin, {"email": str(row)}) for row in rows]
    return list(dict.fromkeys(user.id for user in people if user.id != requester_id))


def _ticket(twin: Twin, ticket_id: Any) -> Ticket:
    ticket = twin.world.live_ticket(int(ticket_id)) if str(ticket_id).isdigit() else None
    if ticket is None:
        raise ValueError(f"no ticket {ticket_id}")
    return ticket


def _author(twin: Twin, values: Mapping[str, Any], ticket: Ticket | None) -> User:
    given = values.get("requester")
    if given is None:
        if ticket is None:
            raise ValueError("a new ticket needs a requester with name and email")
        return twin.world.users[ticket.requester_id]
    person: dict[str, Any] = {"email": given} if isinstance(given, str) else dict(given)
    if values.get("organization"):
        person["organization"] = values["organization"]
    return find_user(twin, person)


def _opener(twin: Twin, values: Mapping[str, Any], ticket: Ticket | None) -> User | None:
    """Return the staff member who opens a new ticket for its requester, or None if the requester does."""
    opened_by = values.get("opened_by") or "requester"
    if opened_by not in ("requester", "staff"):
        raise ValueError("opened_by is requester or staff")
    return find_staff(twin, values.get("staff")) if opened_by == "staff" and ticket is None else None


def _flag(name: Any) -> int:
    if name in FLAGS:
        return FLAGS[name]
    if isinstance(name, int) and not isinstance(name, bool):
        return name
    raise ValueError(f"flag {name} is not known; known are {', '.join(FLAGS)} and the vendor's numbers")


def _attachment(twin: Twin, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return an attachment as comments list it; its content is text and served to whoever has the address."""
    content = str(values.get("content") or "").encode()
    name = str(values.get("file_name") or values.get("name") or "file.txt")
    content_type = str(values.get("content_type") or "text/plain")
    inline, size = bool(values.get("inline")), int(values.get("size") or 0)
    attachment: dict[str, Any] = files.keep(twin.world, name, content_type, content, inline=inline, size=size)
    return attachment


def _requester_origin(twin: Twin, author: User, values: Mapping[str, Any], ticket: Ticket | None) -> Origin:
    channel = str(values.get("channel") or (ticket.via["channel"] if ticket else "email"))
    if channel != "email":
        return Origin(author, channel, "", values.get("via") or {"from": {}, "to": {}, "rel": None})
    account = twin.world.account
    source = {
        "from": {"address": author.email, "name": author.name},
        "to": {"address": account.support_address, "name": account.name},
        "rel": None,
    }
    return Origin(author, "email", "", values.get("via") or source)


def _staff_fields(twin: Twin, ticket: Ticket, values: Mapping[str, Any], person: User) -> dict[str, Any]:
    fields: dict[str, Any] = {"status": values["status"]} if values.get("status") else {}
    if "email_ccs" in values:
        fields["email_cc_ids"] = _copies(twin, values, ticket.requester_id)
    for name in ("priority", "type"):
        if name in values:
            fields[name] = values[name] or None
    if fields.get("status", "new") not in STATUSES:
        raise ValueError(f"status is one of {', '.join(STATUSES)}")
    if "group" in values:
        fields["group_id"] = find_group(twin, values["group"]).id if values["group"] else None
    if "assignee" in values:
        assignee = values["assignee"]
        fields["assignee_id"] = person.id if assignee == "me" else find_staff(twin, assignee).id if assignee else None
    tags = set(clean_tags(values["tags"])) if "tags" in values else set(ticket.tags)
    tags |= set(clean_tags(values.get("add_tags")))
    tags -= set(clean_tags(values.get("remove_tags")))
    if tags != set(ticket.tags):
        fields["tags"] = sorted(tags)
    return fields


# -- loading


def load_article(twin: Twin, values: Mapping[str, Any]) -> Article:
    """Put an article into the help centre. Category and section are made by name where they are missing.

    `body` may be HTML or plain text with `#` headings; `restricted` gives it a user segment.
    """
    world, stamp = twin.world, twin.world.stamp()
    if not values.get("title"):
        raise ValueError("an article needs a title")
    segment = values.get("user_segment_id") or (seed.SIGNED_IN_SEGMENT if values.get("restricted") else None)
    article = Article(
        id=int(values.get("id") or world.next_id()),
        title=str(values["title"]),
        body=richtext.article_html(str(values.get("body") or values.get("html") or "")),
        section_id=_section(twin, str(values.get("category") or "Guides"), str(values.get("section") or "Articles")).id,
        author_id=world.account.oauth_owner_id,
        locale=str(values.get("locale") or "en-us").lower(),
        user_segment_id=segment,
        draft=bool(values.get("draft")),
        position=len(world.articles),
        label_names=[str(label) for label in values.get("label_names") or values.get("labels") or ()],
        created_at=str(values.get("created_at") or stamp),
        updated_at=str(values.get("updated_at") or stamp),
        edited_at=str(values.get("updated_at") or stamp),
    )
    world.articles[article.id] = article
    return article


def _section(twin: Twin, category_name: str, section_name: str) -> Section:
    world, stamp = twin.world, twin.world.stamp()
    category = next((c for c in world.categories.values() if c.name == category_name), None)
    if category is None:
        place = len(world.categories)
        category = Category(world.next_id(), category_name, position=place, created_at=stamp, updated_at=stamp)
        world.categories[category.id] = category
    for section in world.sections.values():
        if section.name == section_name and section.category_id == category.id:
            return section
    place = len(world.sections)
    section = Section(world.next_id(), section_name, category.id, position=place, created_at=stamp, updated_at=stamp)
    world.sections[section.id] = section
    return section


def _load_ticket(twin: Twin, values: Mapping[str, Any]) -> Ticket:
    """Load an old ticket: `comments` (body or html, public, `staff` for who answered, created_at) and its end state."""
    comments = list(values.get("comments") or [{"body": values.get("body"), "html": values.get("html")}])
    first = {**{name: value for name, value in values.items() if name != "status"}, **comments[0]}
    ticket, _ = message(twin, first)
    for row in comments[1:]:
        if row.get("staff"):
            staff(twin, {**row, "ticket_id": ticket.id})
        else:
            message(twin, {**row, "ticket_id": ticket.id})
    for comment, audit, row in zip(ticket.comments, ticket.audits, comments, strict=True):
        comment.created_at = audit.created_at = str(
            row.get("created_at") or values.get("created_at") or comment.created_at
        )
    ticket.created_at = ticket.comments[0].created_at
    end = {name: values[name] for name in ("status", "group", "assignee", "priority") if values.get(name)}
    if end:
        staff(twin, {"ticket_id": ticket.id, "staff": values.get("assignee"), **end})
    ticket.updated_at = str(values.get("updated_at") or ticket.comments[-1].created_at)
    return ticket
