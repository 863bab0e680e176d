"""What the body of a ticket write asks for, carried out: one path for single calls, bulk updates and jobs.

Needs the application's context, not a request's, so that jobs can use it; whoever calls holds the lock.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from scripts.sandbox import ticket_links
from scripts.sandbox.desk import NewComment, Origin, follow_up
from scripts.sandbox.refusals import RefusedError, invalid, not_found
from scripts.sandbox.state import Audit, Ticket, User, clean_tags
from scripts.sandbox.zendesk import uploads
from scripts.sandbox.zendesk.calls import twin, whole_number
from scripts.sandbox.zendesk.people import save_user

_PLAIN_FIELDS = ("subject", "status", "priority", "type", "external_id", "tags", "due_at")
_ID_FIELDS = (
    "assignee_id", "group_id", "requester_id", "organization_id", "problem_id", "custom_status_id", "ticket_form_id",
)  # fmt: skip


def create(values: Mapping[str, Any], origin: Origin) -> tuple[Ticket, Audit]:
    """Create the ticket a body describes; with `via_followup_source_id` as the follow-up of a closed one."""
    source = _followed(values)
    requester = _requester(values, origin.actor) if source is None else twin().world.users[source.requester_id]
    author = requester if "requester" in values else origin.actor
    if values.get("comment") is None and values.get("description"):
        values = {**values, "comment": {"body": values["description"]}}
    comment = _comment(values, default_author=author, default_public=True)
    if comment is None:
        raise invalid("base", "Description: cannot be blank", "BlankValue")
    subject = str(values.get("subject") or (f"Re: {source.subject}" if source else ""))
    fields = {name: value for name, value in _fields(values).items() if name not in ("subject", "requester_id")}
    fields |= _people(values, [], [], requester.id)
    who = follow_up(source, origin) if source else origin
    ticket, audit = twin().desk.create(who, requester, subject, comment, fields, values.get("metadata"))
    twin().desk.note_macros(audit, values.get("macro_ids") or ())
    return ticket, audit


def update(ticket: Ticket, values: Mapping[str, Any], origin: Origin) -> Audit:
    """Change a ticket as a body says; raise RefusedError with nothing changed."""
    check_stamp(ticket, values)
    comment = _comment(values, default_author=origin.actor, default_public=ticket.is_public)
    fields = _fields(values) | _people(values, ticket.email_cc_ids, ticket.follower_ids, ticket.requester_id)
    return twin().desk.update(ticket, origin, fields, comment, values.get("metadata"))


def update_in_bulk(ticket: Ticket, values: Mapping[str, Any], origin: Origin) -> Audit:
    """Change a ticket as one of many, where tags can also be added and removed."""
    tags = set(clean_tags(values.get("tags", ticket.tags)))
    tags |= set(clean_tags(values.get("additional_tags")))
    tags -= set(clean_tags(values.get("remove_tags")))
    return update(ticket, {**values, "tags": sorted(tags)}, origin)


def check_stamp(ticket: Ticket, values: Mapping[str, Any]) -> None:
    """Refuse a write on an older version. Any `safe_update`, even false, switches the check on.

    The stamp has whole seconds, as the vendor's: two writes within one second are not told apart.
    """
    stamp = values.get("updated_stamp")
    if "safe_update" in values and stamp is not None and f"{str(stamp)[:19]}Z" != ticket.updated_at:
        description = (
            "Safe Update prevented the update due to outdated ticket data. Please fetch the latest ticket data."
        )
        raise RefusedError(409, {"error": "UpdateConflict", "description": description})


def _followed(values: Mapping[str, Any]) -> Ticket | None:
    source_id = whole_number(values.get("via_followup_source_id"))
    if source_id is None:
        return None
    source = twin().world.live_ticket(source_id)
    if source is None:
        raise not_found()
    if source.status != "closed":
        raise invalid("base", "Follow-up: the source ticket is not closed")
    return source


def _requester(values: Mapping[str, Any], caller: User) -> User:
    """Return the requester of a new ticket: by id, by `requester` (made if new), else the caller."""
    world = twin().world
    person = values.get("requester")
    if isinstance(person, dict):
        existing = world.user_by_email(person.get("email"))
        return existing or save_user(person)
    requester_id = whole_number(values.get("requester_id"))
    if requester_id is None:
        return caller
    if requester_id not in world.users:
        raise invalid("requester", "Requester is invalid")
    return world.users[requester_id]


def _comment(values: Mapping[str, Any], *, default_author: User, default_public: bool) -> NewComment | None:
    if not isinstance(values.get("metadata", {}), dict):
        raise RefusedError(400, {"error": "InvalidBody", "description": "metadata must be an object"})
    given = values.get("comment")
    if isinstance(given, str):
        given = {"body": given}
    if not isinstance(given, dict):
        return None
    text, markup = str(given.get("body") or ""), str(given.get("html_body") or "")
    files = uploads.take(given.get("uploads"))
    if not text.strip() and not markup.strip() and not files:
        return None
    author_id = whole_number(given.get("author_id"))
    author = twin().world.users.get(author_id) if author_id else default_author
    if author is None:
        raise invalid("base", "Author is invalid")
    return NewComment(author, text, markup, bool(given.get("public", default_public)), attachments=files)


def _people(
    values: Mapping[str, Any], copies: Sequence[int], followers: Sequence[int], requester_id: int
) -> dict[str, Any]:
    """Return who is to get copies and who is to follow. Only staff follow; the requester gets no copy.

    `email_ccs` and `followers` put people on and take them off; the older `collaborators` (and `collaborator_ids`)
    name all of them, `additional_collaborators` some more, and the account sorts them by their role.
    """
    found: dict[str, Any] = {}
    older = values.get("collaborators", values.get("collaborator_ids"))
    more = values.get("additional_collaborators")
    if isinstance(older, list) or isinstance(more, list):
        people = [_person(one) for one in [*(older or ()), *(more or ())]]
        copies, followers = ([], []) if isinstance(older, list) else (copies, followers)
        staff = [(user, "put") for user in people if user.is_staff]
        found["follower_ids"] = ticket_links.changed_people(followers, staff)
        others = [(user, "put") for user in people if not user.is_staff and user.id != requester_id]
        found["email_cc_ids"] = ticket_links.changed_people(copies, others)
    for name, key, present in (("email_ccs", "email_cc_ids", copies), ("followers", "follower_ids", followers)):
        rows = values.get(name)
        if not isinstance(rows, list):
            continue
        given = [(_person(row), str(row.get("action") or "put")) for row in rows if isinstance(row, dict)]
        meant = [(u, how) for u, how in given if (u.is_staff if name == "followers" else u.id != requester_id)]
        found[key] = ticket_links.changed_people(found.get(key, present), meant)
    return found


def _person(given: Any) -> User:
    """Return whom an entry means: an id, an address, or an object of either; somebody new is made by the address."""
    world = twin().world
    row: Mapping[str, Any] = given if isinstance(given, dict) else {}
    named = row.get("user_id") if row else given
    number = int(str(named)) if str(named).isdigit() else None
    email = row.get("user_email") or row.get("email") or (given if isinstance(given, str) and "@" in given else None)
    user = world.users.get(number) if number is not None else world.user_by_email(email)
    if user is None and number is None and email:
        name = row.get("user_name") or row.get("name") or str(email).partition("@")[0]
        user = save_user({"email": email, "name": name})
    if user is None:
        raise invalid("base", "Email CCs and followers: a user is invalid")
    return user


def _fields(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the ticket fields a body sets. What cannot be set (description, ids of others) is ignored, as there."""
    fields: dict[str, Any] = {name: values[name] for name in _PLAIN_FIELDS if name in values}
    if "subject" in fields:
        fields["subject"] = str(fields["subject"] or "")
    fields.update({name: whole_number(values[name]) for name in _ID_FIELDS if name in values})
    if "assignee_email" in values:
        user = twin().world.user_by_email(values["assignee_email"])
        if user is None:
            raise invalid("assignee", "Assignee is invalid")
        fields["assignee_id"] = user.id
    custom = values.get("custom_fields", values.get("fields"))
    if isinstance(custom, list):
        custom = {str(row["id"]): row.get("value") for row in custom if isinstance(row, dict) and "id" in row}
    if isinstance(custom, dict):
        fields["custom_fields"] = {str(key): value for key, value in custom.items()}
    return fields
