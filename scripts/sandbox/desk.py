"""The one way a ticket changes: whoever acts, the same rules, audits, triggers and webhooks follow.

Every method expects the caller to hold `world.lock`.
"""

import json
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from scripts.sandbox import custom_fields, notifications, richtext, ticket_links, triggers
from scripts.sandbox.books import Books
from scripts.sandbox.refusals import invalid
from scripts.sandbox.state import (
    PRIORITIES,
    STATUSES,
    TYPES,
    Audit,
    Comment,
    Ticket,
    Trigger,
    User,
    Webhook,
    World,
    clean_tags,
)
from scripts.sandbox.webhooks import Sender

MAX_COMMENTS = 5000
_EVENT_VIA = {"email": "mail", "api": "web_service", "web": "web_form"}


@dataclass(frozen=True, slots=True)
class Origin:
    """Who acts, and through what: `channel` is the REST word (api, email, web, chat...)."""

    actor: User
    channel: str
    client: str = ""
    source: Mapping[str, Any] = field(default_factory=lambda: {"from": {}, "to": {}, "rel": None})

    @property
    def via(self) -> dict[str, Any]:
        return {"channel": self.channel, "source": dict(self.source)}


def follow_up(ticket: Ticket, origin: Origin) -> Origin:
    """Return an origin whose new ticket follows up this closed one."""
    came_from = {"ticket_id": ticket.id, "subject": ticket.subject, "channel": ticket.via["channel"]}
    return Origin(origin.actor, origin.channel, origin.client, {"from": came_from, "to": {}, "rel": "follow_up"})


@dataclass(frozen=True, slots=True)
class NewComment:
    """A comment to be added. One of `text` and `html` is set; `flags` are the vendor's numbers (4 = automatic)."""

    author: User
    text: str = ""
    html: str = ""
    public: bool = True
    flags: tuple[int, ...] = ()
    attachments: tuple[dict[str, Any], ...] = ()


class Desk:
    """Creates, changes and deletes tickets, and makes the account react."""

    def __init__(self, world: World, sender: Sender, books: Books) -> None:
        self.world, self.sender, self.books = world, sender, books
        self.is_quiet = False  # while old tickets are loaded: no rule runs, no webhook goes out
        self.checks_required_fields = False

    # -- what one can do

    def create(
        self,
        origin: Origin,
        requester: User,
        subject: str,
        comment: NewComment,
        fields: Mapping[str, Any] | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> tuple[Ticket, Audit]:
        """Open a ticket with its first comment."""
        world, stamp = self.world, self.world.stamp()
        ticket = Ticket(
            id=0,
            subject=subject,
            requester_id=requester.id,
            submitter_id=origin.actor.id,
            organization_id=requester.organization_id,
            via=origin.via,
            created_at=stamp,
            updated_at=stamp,
            tags=clean_tags([*requester.tags, *self._organization_tags(requester)]),
            ticket_form_id=world.account.ticket_form_id,
            is_public=comment.public,
            recipient=world.account.support_address if origin.channel == "email" else None,
            from_messaging_channel=origin.channel == "native_messaging",
        )
        wanted = dict(fields or {})
        wanted["tags"] = [*ticket.tags, *clean_tags(wanted.get("tags"))]
        self._check(ticket, wanted)
        ticket.id = world.next_ticket_id()
        world.tickets[ticket.id] = ticket
        audit = self._open_audit(ticket, origin, metadata, comment)
        self._set_fields(ticket, wanted, audit, kind="Create")
        added = self._add_comment(ticket, audit, origin, comment)
        ticket.description = added.plain_body
        if origin.source.get("rel") == "follow_up":
            world.tickets[origin.source["from"]["ticket_id"]].followup_ids.append(ticket.id)
        self._record(ticket, audit, added, None, origin)
        return ticket, audit

    def update(
        self,
        ticket: Ticket,
        origin: Origin,
        fields: Mapping[str, Any] | None = None,
        comment: NewComment | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> Audit:
        """Change a ticket; raise RefusedError, with nothing changed, if it is closed or a value does not fit."""
        if ticket.status == "closed":
            raise invalid("status", "Status: closed prevents ticket update", "ClosedTicket")
        if comment and len(ticket.comments) >= MAX_COMMENTS:
            raise invalid("base", "Ticket has too many comments", "TooManyComments")
        wanted = dict(fields or {})
        self._lifecycle(ticket, comment, wanted)
        self._check(ticket, wanted)
        before = triggers.snapshot(ticket)
        audit = self._open_audit(ticket, origin, metadata, comment)
        self._set_fields(ticket, wanted, audit)
        added = self._add_comment(ticket, audit, origin, comment) if comment else None
        ticket.is_public = ticket.is_public or (added is not None and added.public)
        self._record(ticket, audit, added, before, origin)
        if before["status"] != "solved":
            for incident in ticket_links.to_solve_with(self.world, ticket):
                solving = {"status": "solved", "assignee_id": incident.assignee_id or ticket.assignee_id}
                self.update(incident, origin, solving, comment if comment and comment.public else None)
        return audit

    def reply(self, ticket: Ticket, origin: Origin, comment: NewComment) -> tuple[Ticket, Audit]:
        """Add what an end user writes; on a closed ticket it opens a follow-up, which is then returned."""
        if ticket.status != "closed":
            return ticket, self.update(ticket, origin, {}, comment)
        return self.create(follow_up(ticket, origin), comment.author, f"Re: {ticket.subject}", comment)

    def delete(self, ticket: Ticket, origin: Origin) -> None:
        """Delete a ticket: gone for the API, `deleted` with scrubbed fields in the export."""
        before = triggers.snapshot(ticket)
        ticket.status = "deleted"
        ticket.subject = ticket.description = "SCRUBBED"
        ticket.comments.clear()
        self.world.touch(ticket)
        self.books.add("write", action="delete", ticket_id=ticket.id, actor_id=origin.actor.id, channel=origin.channel)
        self.announce(triggers.Update(ticket, before, origin.actor, origin.channel, None), "soft_deleted", {})

    def redact(self, ticket: Ticket, comment: Comment, text: str, origin: Origin) -> None:
        """Put blocks in the place of a text of a comment, wherever the ticket shows it."""
        blocks = "▇" * len(text)
        for name in ("body", "plain_body", "html_body"):
            setattr(comment, name, getattr(comment, name).replace(text, blocks))
        ticket.description = ticket.description.replace(text, blocks)
        self.note_comment(ticket, comment, origin, "redact")

    def note_comment(self, ticket: Ticket, comment: Comment, origin: Origin, action: str) -> None:
        """Record what was done to a comment that stood there already."""
        self.world.touch(ticket)
        actor, channel = origin.actor.id, origin.channel
        self.books.add(
            "write", action=action, ticket_id=ticket.id, comment_id=comment.id, actor_id=actor, channel=channel
        )

    def _call(self, webhook: Webhook, content: Any, update: triggers.Update) -> None:
        """Fire a webhook with a body of text, or with pairs: form fields, or parameters where there is no body."""
        if not isinstance(content, list):
            self.sender.fire(webhook, triggers.render(str(content), update, self.world).encode(), update.ticket.id)
            return
        pairs = tuple((str(key), triggers.render(str(value), update, self.world)) for key, value in content)
        if webhook.http_method in ("GET", "DELETE"):
            self.sender.fire(webhook, b"", update.ticket.id, pairs)
        else:
            self.sender.fire(webhook, urlencode(pairs).encode(), update.ticket.id)

    def note_macros(self, audit: Audit, macro_ids: Iterable[Any]) -> None:
        """Record which macros somebody used for a write; what they set was set with it."""
        for key in macro_ids:
            if macro := self.world.macros.get(int(key)) if str(key).isdigit() else None:
                event = {"id": self.world.next_id(), "type": "AgentMacroReference", "macro_id": macro.id}
                audit.events.append(event | {"macro_title": macro.title, "macro_deleted": False})

    def announce(self, update: triggers.Update, kind: str, content: dict[str, Any]) -> None:
        """Send one event that no change of fields tells of."""
        self._send_events(update, [(kind, content)])

    def close_old(self, ticket: Ticket) -> None:
        """Close a solved ticket as the system does by age: no trigger runs, and `updated_at` stays."""
        updated_at = ticket.updated_at
        ticket.status = "closed"
        self.world.touch(ticket)
        ticket.updated_at = updated_at
        self.books.add("write", action="close", ticket_id=ticket.id, actor_id=-1, channel="rule")

    # -- rules of the lifecycle

    def _organization_tags(self, requester: User) -> list[str]:
        organization = self.world.organizations.get(requester.organization_id or 0)
        return organization.tags if organization else []

    def _lifecycle(self, ticket: Ticket, comment: NewComment | None, wanted: dict[str, Any]) -> None:
        if "status" in wanted:
            return
        if (
            comment
            and comment.public
            and not comment.author.is_staff
            and ticket.status in ("pending", "hold", "solved")
        ) or (ticket.status == "new" and wanted.get("assignee_id")):
            wanted["status"] = "open"

    def _check(self, ticket: Ticket, wanted: dict[str, Any]) -> None:
        """Raise RefusedError if a value cannot be set; complete group and assignee where one follows from the other."""
        ticket_links.prepare(self.world, ticket, wanted)
        for name, allowed in (("status", STATUSES), ("priority", PRIORITIES), ("type", TYPES)):
            value = wanted.get(name)
            if value is not None and value not in allowed:
                raise invalid(name, f"{name.capitalize()}: {value} is not included in the list")
        self._check_people(ticket, wanted)
        custom_fields.prepare(self.world, ticket, wanted)
        if wanted.get("status") == "solved" and self.checks_required_fields:
            custom_fields.check_required(self.world, ticket, wanted)
        assignee = wanted.get("assignee_id", ticket.assignee_id)
        if wanted.get("status") == "solved" and assignee is None:
            raise invalid("base", "Assignee: is required when solving a ticket", "BlankValue")
        organization_id = wanted.get("organization_id")
        if organization_id is not None and organization_id not in self.world.organizations:
            raise invalid("organization", "Organization is invalid")

    def _check_people(self, ticket: Ticket, wanted: dict[str, Any]) -> None:
        world = self.world
        assignee_id, group_id = wanted.get("assignee_id"), wanted.get("group_id")
        if group_id is not None and (group_id not in world.groups or world.groups[group_id].deleted):
            raise invalid("group", "Group is invalid")
        if assignee_id is not None:
            self._check_assignee(ticket, wanted, assignee_id)
            return
        if group_id is None or "assignee_id" in wanted:
            return
        if ticket.assignee_id not in (None, *world.groups[group_id].member_ids):
            wanted["assignee_id"] = None  # a group the assignee is not in takes the ticket off them

    def _check_assignee(self, ticket: Ticket, wanted: dict[str, Any], assignee_id: int) -> None:
        user = self.world.users.get(assignee_id)
        if user is None or not user.is_staff:
            raise invalid("assignee", "Assignee is invalid")
        groups = {group.id for group in self.world.groups_of(assignee_id)}
        group_id = wanted.get("group_id", ticket.group_id)
        if wanted.get("group_id") is not None and group_id not in groups:
            raise invalid("assignee", "Assignee is not a member of the group")
        if group_id not in groups:
            wanted["group_id"] = user.default_group_id or next(iter(sorted(groups)), None)

    # -- writing it down

    def _open_audit(
        self, ticket: Ticket, origin: Origin, metadata: Mapping[str, Any] | None, comment: NewComment | None
    ) -> Audit:
        flags = {"flags": list(comment.flags)} if comment and comment.flags else {}
        options = {"flags_options": {str(n): {"trusted": n != 0} for n in comment.flags}} if comment and flags else {}
        system = {"client": origin.client, "ip_address": "127.0.0.1"}
        return Audit(
            id=self.world.next_id(),
            ticket_id=ticket.id,
            author_id=origin.actor.id,
            created_at=self.world.stamp(),
            via=origin.via,
            metadata={"system": system, "custom": dict(metadata or {}), **flags, **options},
            events=[],
        )

    def _set_fields(
        self,
        ticket: Ticket,
        wanted: Mapping[str, Any],
        audit: Audit,
        *,
        kind: str = "Change",
        rule: Trigger | None = None,
    ) -> bool:
        """Set what differs and note each in the audit; say whether anything did."""
        changed = False
        for name, value in wanted.items():
            if name == "custom_fields":
                for field_id, field_value in value.items():
                    previous = ticket.custom_fields.get(field_id)
                    if previous != field_value:
                        ticket.custom_fields[field_id] = field_value
                        self._note_change(audit, kind, field_id, field_value, previous, rule)
                        changed = True
                continue
            new = clean_tags(value) if name == "tags" else value
            previous = getattr(ticket, name)
            if previous != new or (kind == "Create" and new):
                setattr(ticket, name, new)
                if name == "status" and "custom_status_id" not in wanted:
                    ticket.custom_status_id = None  # another category begins with its default
                self._note_change(audit, kind, name, new, previous, rule)
                changed = True
        return changed

    def _note_change(self, audit: Audit, kind: str, name: str, value: Any, previous: Any, rule: Trigger | None) -> None:
        event = {"id": self.world.next_id(), "type": kind, "field_name": name, "value": _audit_value(value)}
        if name in ("email_cc_ids", "follower_ids"):
            event = {"id": event["id"], **ticket_links.people_event(self.world, name, value, previous)}
        elif kind == "Change":
            event["previous_value"] = _audit_value(previous)
        if rule:
            origin = {"id": rule.id, "title": rule.title}
            event["via"] = {"channel": "rule", "source": {"from": origin, "to": {}, "rel": "trigger"}}
        audit.events.append(event)

    def _add_comment(self, ticket: Ticket, audit: Audit, origin: Origin, new: NewComment) -> Comment:
        if new.html:
            markup = richtext.cut(new.html)
            plain, wrapped = richtext.to_text(markup), richtext.wrap(markup)
        else:
            plain = richtext.cut(new.text)
            wrapped = richtext.to_html(plain)
        comment = Comment(
            id=self.world.next_id(),
            author_id=new.author.id,
            body=plain,
            html_body=wrapped,
            plain_body=plain,
            public=new.public,
            via=origin.via,
            created_at=audit.created_at,
            audit_id=audit.id,
            metadata=audit.metadata,
            attachments=list(new.attachments),
        )
        ticket.comments.append(comment)
        audit.events.insert(
            0,
            {
                "id": comment.id,
                "type": "Comment",
                "author_id": comment.author_id,
                "body": comment.body,
                "html_body": comment.html_body,
                "plain_body": comment.plain_body,
                "public": comment.public,
                "attachments": comment.attachments,
                "audit_id": audit.id,
            },
        )
        return comment

    def _record(
        self, ticket: Ticket, audit: Audit, comment: Comment | None, before: dict[str, Any] | None, origin: Origin
    ) -> None:
        """Finish an update: keep the audit, note it in the books, then let rules and subscriptions react."""
        ticket.audits.append(audit)
        self.world.touch(ticket)
        self.books.add(
            "write",
            action="create" if before is None else "update",
            ticket_id=ticket.id,
            audit_id=audit.id,
            actor_id=origin.actor.id,
            channel=origin.channel,
            status=ticket.status,
            comment_id=comment.id if comment else None,
            public=comment.public if comment else None,
            author_id=comment.author_id if comment else None,
            custom=audit.metadata["custom"],
        )
        if self.is_quiet:
            return
        update = triggers.Update(ticket, before, origin.actor, origin.channel, comment)
        self._run_triggers(update, audit)
        self._send_events(update, None)

    # -- reactions

    def _run_triggers(self, update: triggers.Update, audit: Audit) -> None:
        """Run the rules in order, from the start again whenever one changed the ticket; each fires at most once."""
        rules = sorted((t for t in self.world.triggers.values() if t.active), key=lambda t: (t.position, t.id))
        fired: set[int] = set()
        while rule := next((t for t in rules if t.id not in fired and triggers.holds(t.conditions, update)), None):
            fired.add(rule.id)
            self._act(rule, update, audit)

    def _act(self, rule: Trigger, update: triggers.Update, audit: Audit) -> None:
        for action in rule.actions:
            name, value = action["field"], action["value"]
            if name == "notification_webhook":
                webhook = self.world.webhooks.get(str(value[0]))
                if webhook and not webhook.is_event_subscribed:
                    self._call(webhook, value[1], update)
                continue
            if name in ("notification_user", "notification_group"):
                told = notifications.event(name, value, update, self.world, rule)
                audit.events += [{"id": self.world.next_id(), **told}] if told["recipients"] else []
                continue
            changes = _rule_changes(name, value, update)
            if self._set_fields(update.ticket, changes, audit, rule=rule):
                self.world.touch(update.ticket)

    def _send_events(self, update: triggers.Update, given: list[tuple[str, dict[str, Any]]] | None) -> None:
        """Send the event envelopes that subscribed webhooks asked for: those given, else what the update tells."""
        hooks = [w for w in self.world.webhooks.values() if w.is_event_subscribed and w.status == "active"]
        if not hooks:
            return
        happened = given if given is not None else list(_events(update, self.world))
        for kind, content in happened:
            name = f"zen:event-type:ticket.{kind}"
            for webhook in hooks:
                if name in webhook.subscriptions:
                    self.sender.fire(webhook, self._envelope(name, content, update), update.ticket.id)

    def _envelope(self, name: str, content: dict[str, Any], update: triggers.Update) -> bytes:
        """Return one event as it goes out: pretty-printed, keys sorted, a newline at the end."""
        body = {
            "account_id": self.world.account.account_id,
            "detail": _event_detail(update, self.world),
            "event": content,
            "id": str(uuid.uuid4()),
            "subject": f"zen:ticket:{update.ticket.id}",
            "time": self.world.now().strftime("%Y-%m-%dT%H:%M:%S.%f000Z"),
            "type": name,
            "zendesk_event_version": "2022-11-06",
        }
        return (json.dumps(body, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()


def _audit_value(value: Any) -> Any:
    """Audits write ids as text; lists and nothing stay as they are."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _rule_changes(name: str, value: Any, update: triggers.Update) -> dict[str, Any]:
    ticket = update.ticket
    if name == "set_tags":
        return {"tags": clean_tags(value)}
    if name == "current_tags":
        return {"tags": [*ticket.tags, *clean_tags(value)]}
    if name == "remove_tags":
        return {"tags": sorted(set(ticket.tags) - set(clean_tags(value)))}
    if name.startswith("custom_fields_"):
        return {"custom_fields": {name.removeprefix("custom_fields_"): value}}
    if name in ("group_id", "assignee_id"):
        people = {"current_user": update.actor.id if update.actor.is_staff else None, "requester_id": None, "": None}
        return {name: people[value] if value in people else int(value)}
    if name == "follower":
        number = update.actor.id if value == "current_user" else int(value)
        return {"follower_ids": list(dict.fromkeys([*ticket.follower_ids, number]))}
    if name == "custom_status_id":
        return {name: int(value)}
    return {name: value or None}


def _upper(value: str | None) -> str | None:
    return value.upper() if value else None


def _id_text(value: int | None) -> str | None:
    return None if value is None else str(value)


def _event_detail(update: triggers.Update, world: World) -> dict[str, Any]:
    ticket = update.ticket
    channel, status = ticket.via["channel"], ticket_links.status_of(world, ticket)
    return {
        "actor_id": str(update.actor.id),
        "assignee_id": _id_text(ticket.assignee_id),
        "brand_id": str(world.account.brand_id),
        "created_at": ticket.created_at,
        "custom_status": str(status.id) if status else None,
        "description": ticket.description,
        "external_id": ticket.external_id,
        "form_id": str(ticket.ticket_form_id),
        "group_id": _id_text(ticket.group_id),
        "id": str(ticket.id),
        "is_public": ticket.is_public,
        "organization_id": _id_text(ticket.organization_id),
        "priority": _upper(ticket.priority),
        "requester_id": str(ticket.requester_id),
        "status": ticket.status.upper(),
        "subject": ticket.subject,
        "submitter_id": str(ticket.submitter_id),
        "tags": ticket.tags,
        "type": _upper(ticket.type),
        "updated_at": ticket.updated_at,
        "via": {"channel": _EVENT_VIA.get(channel, channel)},
    }


def _events(update: triggers.Update, world: World) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the events of one update: kind and content. A creation yields `created` alone."""
    if update.before is None:
        yield "created", {}
        return
    ticket, before = update.ticket, update.before
    if update.comment:
        author = world.users[update.comment.author_id]
        person = {"id": str(author.id), "is_staff": author.is_staff, "name": author.name}
        comment = {
            "id": str(update.comment.id),
            "body": update.comment.body,
            "is_public": update.comment.public,
            "author": person,
        }
        yield "comment_added", {"comment": comment}
    for name, kind in (("status", "status_changed"), ("priority", "priority_changed"), ("type", "type_changed")):
        if before[name] != getattr(ticket, name):
            yield kind, {"current": _upper(getattr(ticket, name)), "previous": _upper(before[name])}
    for name, kind in (("assignee_id", "agent_assignment_changed"), ("group_id", "group_assignment_changed")):
        if before[name] != getattr(ticket, name):
            yield kind, {"current": _id_text(getattr(ticket, name)), "previous": _id_text(before[name])}
    if before["tags"] != ticket.tags:
        added, removed = set(ticket.tags) - set(before["tags"]), set(before["tags"]) - set(ticket.tags)
        yield "tags_changed", {"tags_added": sorted(added), "tags_removed": sorted(removed)}
    yield from ticket_links.events(ticket, before)
