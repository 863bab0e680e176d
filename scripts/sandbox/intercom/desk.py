"""The one way a conversation changes: what part it makes, which state follows, and what is told to the app.

The caller holds the workspace's lock. What the vendor refuses raises RefusedError.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scripts.sandbox.books import Books
from scripts.sandbox.intercom.index import Index
from scripts.sandbox.intercom.notices import Notices
from scripts.sandbox.intercom.refusals import invalid, not_found, refuse
from scripts.sandbox.intercom.state import Contact, Conversation, Deleted, Part, Ref, Source, World

Files = Sequence[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, and whether through the API: then the parts bear the app's name."""

    ref: Ref
    is_api: bool = False

    @property
    def is_contact(self) -> bool:
        return self.ref["type"] in ("user", "lead")


def contact_actor(row: Contact, *, is_api: bool = False) -> Actor:
    return Actor({"type": row.role, "id": row.id}, is_api)


class Desk:
    def __init__(self, world: World, notices: Notices, index: Index, books: Books) -> None:
        self.world, self.notices, self.index, self.books = world, notices, index, books
        self.assigns_on_reply = True  # the inbox's setting: who answers what nobody has, takes it
        self.mails_bot_replies = False  # the flag that Intercom sets on request
        self.tells_api_tags = True  # not confirmed by the vendor

    def actor(self, admin_id: int, *, is_api: bool = False) -> Actor:
        """Return a teammate who acts, or the workspace's own bot."""
        admin = self.world.admins[admin_id]
        return Actor({"type": "bot" if admin.is_operator else "admin", "id": str(admin_id)}, is_api)

    # -- starting

    def create(
        self,
        contact: Contact,
        html: str,
        *,
        opener: Actor | None = None,
        subject: str = "",
        channel: str = "conversation",
        files: Files = (),
        url: str | None = None,
        is_api: bool = False,
    ) -> Conversation:
        """Start a conversation: the first message is its source, there is no part. `opener` is a teammate who wrote."""
        now, author = self.world.stamp(), (opener or contact_actor(contact)).ref
        delivered_as = "admin_initiated" if opener else "customer_initiated"
        first = Source(self.world.part_id(), html, author, channel, delivered_as, subject, list(files), url)
        number = str(self.world.take("conversation"))
        row = Conversation(number, first, [contact.id], now, now, waiting_since=None if opener else now)
        row.title = subject or None
        row.company_id = contact.company_ids[0] if contact.company_ids else None
        if opener is None:
            row.statistics |= {"first_contact_reply_at": now, "last_contact_reply_at": now}
        self.world.conversations[number] = row
        contact.last_replied_at = now
        topic = "conversation.admin.single.created" if opener else "conversation.user.created"
        self._done(row, None, topic, action="create", actor=author, is_api=is_api)
        return row

    # -- writing

    def contact_reply(
        self, row: Conversation, contact: Contact, html: str, files: Files = (), *, is_api: bool = False
    ) -> Part:
        """Write as the contact. What is closed or snoozed opens, and the text stands in that part."""
        kind = "comment" if row.state == "open" else "open"
        now = self.world.stamp()
        row.statistics["count_reopens"] = row.statistics.get("count_reopens", 0) + (row.state == "closed")
        row.state, row.snoozed_until, row.read = "open", None, False
        row.waiting_since = row.waiting_since or now
        row.statistics.setdefault("first_contact_reply_at", now)
        row.statistics["last_contact_reply_at"] = contact.last_replied_at = now
        part = self._part(row, kind, contact_actor(contact, is_api=is_api), html, files)
        self._done(row, part, "conversation.user.replied", action="reply")
        return part

    def reply(self, row: Conversation, actor: Actor, html: str, files: Files = (), *, kind: str = "comment") -> Part:
        """Answer as a teammate or the bot. On what is closed the text stands in an `open` part."""
        takes_it = self.assigns_on_reply and not actor.is_api and not row.admin_assignee_id
        if kind == "comment" and row.state != "open":
            kind = "open"
        elif kind == "comment" and takes_it and actor.ref["type"] == "admin":
            kind = "assignment"
            self._set_assignee(row, "admin", int(actor.ref["id"]))
        self._answered(row, actor)
        row.state, row.snoozed_until = "open", None
        part = self._part(row, kind, actor, html, files)
        if kind == "assignment":
            part.assigned_to = dict(actor.ref)
        self._mail(row, part)
        topics = ["conversation.operator.replied"] if actor.ref["type"] == "bot" else []
        topics += ["conversation.admin.replied"]
        topics += ["conversation.admin.assigned"] if kind == "assignment" else []
        self._done(row, part, *topics, action="reply", public=True)
        return part

    def note(self, row: Conversation, actor: Actor, html: str, files: Files = ()) -> Part:
        """Write what only staff see. It wakes a snoozed conversation; a closed one stays closed."""
        if row.state == "snoozed":
            row.state, row.snoozed_until = "open", None
        part = self._part(row, "note", actor, html, files)
        self._done(row, part, "conversation.admin.noted", action="note", public=False)
        return part

    def _answered(self, row: Conversation, actor: Actor) -> None:
        now = self.world.stamp()
        row.waiting_since, row.read = None, True
        row.statistics.setdefault("first_admin_reply_at", now)
        row.statistics["last_admin_reply_at"] = now
        number = int(actor.ref["id"])
        if number not in row.teammate_ids:
            row.teammate_ids.append(number)

    def _mail(self, row: Conversation, part: Part) -> None:
        """Send what was answered to a mail as mail, but for what the workspace's bot says: that is kept in silence."""
        if row.source.type != "email" or part.html is None:
            return
        part.is_mailed = part.author["type"] != "bot" or self.mails_bot_replies
        self.books.add("mail", service="intercom", ticket_id=row.id, part_id=part.id, sent=part.is_mailed)

    # -- whose it is

    def assign(self, row: Conversation, actor: Actor, kind: str, number: int, html: str | None = None) -> Part:
        """Give a conversation to a teammate or a team; 0 takes it off them. What is closed opens."""
        held = row.team_assignee_id if kind == "team" else row.admin_assignee_id
        if number and held == number and row.state != "closed":
            raise refuse(422, "parameter_invalid", f"Conversation is already assigned to this {kind}", "assignee_id")
        was_closed = row.state == "closed"
        self._set_assignee(row, kind, number)
        if was_closed:
            row.state = "open"
        part = self._part(row, "assign_and_reopen" if was_closed else "assignment", actor, html)
        part.assigned_to = {"type": kind, "id": str(number)} if number else {"type": "nobody_admin", "id": None}
        if html:
            self._answered(row, actor)
            self._mail(row, part)
        topics = ["conversation.admin.assigned"]
        topics += ["conversation.admin.opened"] if was_closed else ["conversation.admin.open.assigned"]
        topics += ["conversation.admin.replied"] if html else []
        self._done(row, part, *topics, action="assign")
        return part

    def _set_assignee(self, row: Conversation, kind: str, number: int) -> None:
        now = self.world.stamp()
        if kind == "team":
            row.team_assignee_id = number
            row.admin_assignee_id = 0  # as in the inbox: the team decides whose it is
        else:
            row.admin_assignee_id = number
        row.statistics.setdefault("first_assignment_at", now)
        row.statistics["last_assignment_at"] = now
        row.statistics["count_assignments"] = row.statistics.get("count_assignments", 0) + 1

    # -- the state

    def close(self, row: Conversation, actor: Actor, html: str | None = None, files: Files = ()) -> Part:
        """Close, perhaps with a last word, which then stands in the `close` part."""
        if row.state == "closed":
            raise refuse(422, "parameter_invalid", "Conversation is already closed")
        now = self.world.stamp()
        row.state, row.snoozed_until, row.waiting_since = "closed", None, None
        row.statistics.setdefault("first_close_at", now)
        row.statistics |= {"last_close_at": now, "last_closed_by_id": actor.ref["id"]}
        if html:
            self._answered(row, actor)
        part = self._part(row, "close", actor, html, files)
        self._mail(row, part)
        topics = ["conversation.admin.replied"] if html else []
        self._done(row, part, *topics, "conversation.admin.closed", action="close", public=True if html else None)
        return part

    def open(self, row: Conversation, actor: Actor) -> Part:
        """Open what is closed or snoozed."""
        if row.state == "open":
            raise refuse(422, "parameter_invalid", "Conversation is already open")
        was_snoozed = row.state == "snoozed"
        row.statistics["count_reopens"] = row.statistics.get("count_reopens", 0) + (not was_snoozed)
        row.state, row.snoozed_until = "open", None
        part = self._part(row, "unsnoozed" if was_snoozed else "open", actor)
        self._done(row, part, f"conversation.admin.{'unsnoozed' if was_snoozed else 'opened'}", action="open")
        return part

    def snooze(self, row: Conversation, actor: Actor, until: int) -> Part:
        """Put a conversation aside until a time to come."""
        if until <= self.world.stamp():
            raise invalid("snoozed_until must be in the future", "snoozed_until")
        row.state, row.snoozed_until = "snoozed", until
        part = self._part(row, "snoozed", actor)
        self._done(row, part, "conversation.admin.snoozed", action="snooze")
        return part

    def wake_due(self) -> list[str]:
        """Open each conversation whose snooze is over; return their ids."""
        now, woken = self.world.stamp(), []
        for row in self.world.conversations.values():
            if row.state == "snoozed" and row.snoozed_until and row.snoozed_until <= now:
                row.state, row.snoozed_until = "open", None
                part = self._part(row, "timer_unsnooze", self.actor(self.world.account.operator_id))
                self._done(row, part, "conversation.admin.unsnoozed", action="wake")
                woken.append(row.id)
        return woken

    # -- properties

    def set_priority(self, row: Conversation, actor: Actor, priority: str) -> None:
        if priority == row.priority:
            return
        row.priority = priority
        part = self._part(row, "priority_changed", actor)
        self._done(row, part, "conversation.priority.updated", action="priority")

    def set_attributes(self, row: Conversation, actor: Actor, values: Mapping[str, Any]) -> None:
        """Set fields of a conversation. Each change leaves a part, and tells nobody: there is no such topic."""
        checked = {name: self._attribute_value(name, value) for name, value in values.items()}
        for name, value in checked.items():
            before = row.custom_attributes.get(name)
            if value == before:
                continue
            row.custom_attributes[name] = value
            part = self._part(row, "conversation_attribute_updated_by_admin", actor)
            part.event_details = {"attribute": {"name": name}, "value": {"name": value, "previous": before}}
            self._done(row, part, action="attribute")

    def _attribute_value(self, name: str, value: Any) -> Any:
        """Return a value that an attribute takes; an unknown attribute or option is refused."""
        known = next((a for a in self.world.attributes.values() if a.name == name and not a.archived), None)
        if known is None:
            raise invalid(f"Custom attribute '{name}' does not exist", name)
        if value is None:
            return None
        labels = [option["label"] for option in known.options if not option["archived"]]
        fits = value in labels if known.data_type == "list" else _is_a(known.data_type, value)
        if not fits:
            raise invalid(f"'{value}' is not a valid value for the {known.data_type} attribute '{name}'", name)
        return value

    def tag(self, row: Conversation, actor: Actor, tag_id: str) -> None:
        """Put a tag on a conversation; it hangs at the newest part. Twice is once."""
        if tag_id not in self.world.tags:
            raise refuse(404, "tag_not_found", "Tag not found")
        if any(tag["id"] == tag_id for tag in row.tags):
            return
        applied = {"type": "admin", "id": actor.ref["id"]}
        row.tags.append({"id": tag_id, "applied_at": self.world.stamp(), "applied_by": applied})
        part = row.parts[-1] if row.parts else None
        if part is not None and tag_id not in part.tag_ids:
            part.tag_ids.append(tag_id)
        self._touch(row)
        self._book(row, actor.ref, "tag", is_api=actor.is_api)
        if self.tells_api_tags or not actor.is_api:
            tag = self.world.tags[tag_id]
            added = {"type": "tag.list", "tags": [{"type": "tag", "id": tag.id, "name": tag.name}]}
            self.notices.conversation("conversation_part.tag.created", row, part, tags_added=added)

    def untag(self, row: Conversation, actor: Actor, tag_id: str) -> None:
        """Take a tag off; nobody is told, there is no such topic."""
        if not any(tag["id"] == tag_id for tag in row.tags):
            raise refuse(404, "tag_not_found", "Tag not found")
        row.tags = [tag for tag in row.tags if tag["id"] != tag_id]
        for part in row.parts:
            part.tag_ids = [one for one in part.tag_ids if one != tag_id]
        self._touch(row)
        self._book(row, actor.ref, "untag", is_api=actor.is_api)

    def set_head(self, row: Conversation, *, read: bool | None = None, title: str | None = None) -> None:
        """Set what leaves no part: whether it was read, and its title."""
        row.read = row.read if read is None else read
        row.title = row.title if title is None else title
        self._touch(row)

    def rate(self, row: Conversation, rating: int, remark: str = "") -> None:
        """Rate as the contact."""
        now = self.world.stamp()
        person = self.world.contacts[row.contact_ids[0]]
        row.rating = {
            "rating": rating,
            "remark": remark,
            "created_at": now,
            "updated_at": now,
            "contact": {"type": "contact", "id": person.id, "external_id": person.external_id},
            "teammate": {"type": "admin", "id": str(row.admin_assignee_id or self.world.account.owner_id)},
        }
        self._touch(row)
        self.notices.conversation("conversation.rating.added", row)

    # -- taking away

    def redact_part(self, row: Conversation, part_id: str) -> Part:
        """Take the text out of a part for good."""
        part = next((one for one in row.parts if one.id == part_id), None)
        if part is None:
            raise refuse(404, "conversation_part_or_message_not_found", "Conversation part or message not found")
        if part.html is None:
            raise refuse(400, "conversation_part_not_redactable", "Conversation part has no body to redact")
        part.redacted, part.html, part.updated_at = True, "", self.world.stamp()
        self._touch(row)
        self.notices.conversation("conversation_part.redacted", row, part)
        return part

    def redact_source(self, row: Conversation, source_id: str) -> None:
        """Take the text out of the first message, if a contact wrote it."""
        if row.source.id != source_id:
            raise refuse(404, "conversation_part_or_message_not_found", "Conversation part or message not found")
        if row.source.author["type"] not in ("user", "lead"):
            raise refuse(400, "conversation_part_not_redactable", "Only a contact's message can be redacted")
        row.source.redacted, row.source.html = True, ""
        self._touch(row)
        self.notices.conversation("conversation_part.redacted", row)

    def delete(self, row: Conversation, *, retains_metrics: bool = True) -> None:
        del self.world.conversations[row.id]
        self.world.deleted[row.id] = Deleted(row.id, self.world.stamp(), retains_metrics)
        self._book(row, {"type": "admin", "id": "0"}, "delete")
        self.notices.deleted("conversation", "conversation.deleted", row.id)

    def merge(self, row: Conversation, actor: Actor, into: Conversation) -> Conversation:
        """Close one conversation and link it with another, in which its words stand as a note."""
        if row is into or row.merged_into:
            raise refuse(422, "merge_failed", "Conversation cannot be merged")
        row.merged_into = into.id
        if row.state != "closed":
            self.close(row, actor)
        part = self._part(into, "merged_primary_conversation", actor)
        part.event_details = {"secondary_conversation": {"id": row.id}}
        self._done(into, part, action="merge")
        return into

    # -- who takes part

    def attach(self, row: Conversation, actor: Actor, contact: Contact) -> None:
        if contact.id in row.contact_ids:
            raise invalid("Contact already participates in this conversation")
        row.contact_ids.append(contact.id)
        part = self._part(row, "participant_added", actor)
        self._done(row, part, "conversation.contact.attached", action="attach")

    def detach(self, row: Conversation, actor: Actor, contact_id: str) -> None:
        if contact_id not in row.contact_ids:
            raise not_found("Contact")
        if len(row.contact_ids) == 1:
            raise refuse(422, "parameter_invalid", "Removing the last user participant is not allowed")
        row.contact_ids.remove(contact_id)
        part = self._part(row, "participant_removed", actor)
        self._done(row, part, "conversation.contact.detached", action="detach")

    def side_part(self, row: Conversation, actor: Actor, kind: str, details: dict[str, Any] | None = None) -> Part:
        """Leave a part without text of any kind; nobody is told."""
        part = self._part(row, kind, actor)
        part.event_details = details
        self._touch(row)
        return part

    # -- what every change ends with

    def _part(self, row: Conversation, kind: str, actor: Actor, html: str | None = None, files: Files = ()) -> Part:
        code = self.world.account.package_code if actor.is_api else None
        now = self.world.stamp()
        part = Part(self.world.part_id(), kind, dict(actor.ref), now, html or None, updated_at=now)
        part.state, part.app_package_code, part.attachments = row.state, code, list(files)
        row.parts.append(part)
        return part

    def _done(self, row: Conversation, part: Part | None, *topics: str, action: str, **told: Any) -> None:
        self._touch(row)
        actor = told.pop("actor", None) or (part.author if part else {"type": "admin", "id": "0"})
        is_api = told.pop("is_api", part is not None and part.app_package_code is not None)
        self._book(row, actor, action, part=part, is_api=is_api, **told)
        for topic in topics:
            self.notices.conversation(topic, row, part)

    def _touch(self, row: Conversation) -> None:
        row.updated_at = self.world.stamp()
        self.index.note(row)

    def _book(
        self, row: Conversation, actor: Ref, action: str, *, part: Part | None = None, is_api: bool = False, **told: Any
    ) -> None:
        self.books.add(
            "write",
            service="intercom",
            action=action,
            ticket_id=row.id,
            comment_id=part.id if part else None,
            part_type=part.part_type if part else None,
            actor_id=actor["id"],
            author_id=actor["id"],
            channel="api" if is_api else "inbox",
            status=row.state,
            **told,
        )


_KINDS: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "datetime": (int,),
    "decimal": (int, float),
    "boolean": (bool,),
}


def _is_a(data_type: str, value: Any) -> bool:
    """Say whether a value is of an attribute's type; true and false are no numbers."""
    kinds = _KINDS.get(data_type)
    if kinds is None:
        return True
    return isinstance(value, kinds) and (isinstance(value, bool) == (data_type == "boolean"))
