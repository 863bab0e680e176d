"""The account as it is at the start: a service user, staff, teams, a help centre's shelves, and the way to Deskhand."""

import json

from scripts.sandbox.records import CustomStatus, FieldOption, TicketField, TicketForm, UserSegment
from scripts.sandbox.state import (
    Category,
    Group,
    Macro,
    Section,
    Trigger,
    TriggerCategory,
    User,
    Webhook,
    World,
    new_ulid,
)

BOT_EMAIL = "deskhand@tidemark.example"
DEFAULT_WEBHOOK_SECRET = "c2FuZGJveC13ZWJob29rLXNlY3JldC0wMDAwMDAwMDE="  # noqa: S105 - public on purpose

_STAFF = (
    ("Priya Raman", "priya@tidemark.example", ("Support", "Technical")),
    ("Tomas Novak", "tomas@tidemark.example", ("Support", "Billing", "Sales")),
    ("Lena Fischer", "lena@tidemark.example", ("Support", "Security & Privacy")),
    ("Amara Okafor", "amara@tidemark.example", ("Technical", "Support")),
)
_GROUPS = ("Support", "Billing", "Technical", "Security & Privacy", "Sales")
_SHELVES = (
    ("Getting started", ("First steps", "Inviting your team")),
    ("Scheduling and time", ("Schedules", "Time clock")),
    ("Payroll and billing", ("Payroll exports", "Plans and invoices")),
    ("Account and security", ("Sign-in", "Privacy")),
)


def seed(world: World) -> None:
    """Fill an empty world."""
    stamp = world.stamp()
    bot = _add_staff(world, "Deskhand Service", BOT_EMAIL, "admin")
    world.account.oauth_owner_id = bot.id
    for position, name in enumerate(_GROUPS):
        group = Group(world.next_id(), name, default=position == 0, created_at=stamp, updated_at=stamp)
        world.groups[group.id] = group
    groups = {group.name: group for group in world.groups.values()}
    for name, email, teams in _STAFF:
        user = _add_staff(world, name, email, "agent")
        _join(user, [groups[team] for team in teams])
    _join(bot, [groups["Support"]])
    for position, (name, sections) in enumerate(_SHELVES):
        category = Category(world.next_id(), name, position=position, created_at=stamp, updated_at=stamp)
        world.categories[category.id] = category
        for place, title in enumerate(sections):
            section = Section(world.next_id(), title, category.id, position=place, created_at=stamp, updated_at=stamp)
            world.sections[section.id] = section
    rules = TriggerCategory(str(world.next_id()), "Notifications", created_at=stamp, updated_at=stamp)
    world.trigger_categories[rules.id] = rules

    _add_fields(world)
    _add_statuses(world)
    _add_form(world)
    _add_segments(world)
    _add_macros(world)


_FIRST_STATUS = 8447320465790
_STATUSES = (
    ("new", "New", "Open"), ("open", "Open", "Open"), ("pending", "Pending", "Awaiting your reply"),
    ("hold", "On-hold", "Open"), ("solved", "Solved", "Solved"),
)  # fmt: skip


def _add_statuses(world: World) -> None:
    stamp = world.stamp()
    for place, (category, label, for_users) in enumerate(_STATUSES):
        row = CustomStatus(_FIRST_STATUS + place, category, label, for_users, default=True)
        row.created_at = row.updated_at = stamp
        world.custom_statuses[row.id] = row


def _add_form(world: World) -> None:
    stamp = world.stamp()
    row = TicketForm(world.account.ticket_form_id, "Default Ticket Form", "Default Ticket Form", default=True)
    row.ticket_field_ids, row.end_user_visible = list(world.ticket_fields), True
    row.created_at = row.updated_at = stamp
    world.ticket_forms[row.id] = row


def made_by_connect(key: str) -> str:
    """Return the words by which `deskhand connect` knows what it made (integrations/zendesk/wanted.py)."""
    return f"Made by deskhand connect ({key}). Changes made here are undone by the next run."


_HELLO = "Hi {{ticket.requester.first_name}},\n\n"
_BYE = "\n\nBest regards\n{{current_user.first_name}}"
_MACROS: tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...] = (
    (
        "Ask for details",
        "when the message alone does not say what happened",
        (
            ("comment_value", f"{_HELLO}thank you for writing. Which screen are you on, and what does it say?{_BYE}"),
            ("status", "pending"),
            ("assignee_id", "current_user"),
        ),
    ),
    (
        "Solved, with thanks",
        "",
        (
            ("comment_value", f"{_HELLO}glad that this is settled. Just reply if anything is left.{_BYE}"),
            ("current_tags", "solved_by_macro"),
            ("status", "solved"),
            ("assignee_id", "current_user"),
        ),
    ),
    (
        "Note: needs the technical team",
        "",
        (
            ("comment_value", "Could not be settled from the articles; please look at the logs of this account."),
            ("comment_mode_is_public", "false"),
            ("current_tags", "needs_technical"),
            ("priority", "high"),
        ),
    ),
    # As `deskhand connect` makes them, with the mark by which it knows its own.
    ("Deskhand::Send the draft",
     f"Sends Deskhand's newest draft as the public reply. {made_by_connect('macro send')}",
     (("current_tags", "deskhand_do_send"),)),
    ("Deskhand::The draft is wrong",
     f"Tells Deskhand that its newest answer is wrong. {made_by_connect('macro wrong')}",
     (("current_tags", "deskhand_do_wrong"),)),
    ("Deskhand::Keep Deskhand out",
     f"Keeps Deskhand out of this ticket. {made_by_connect('macro stop')}",
     (("current_tags", "deskhand_stop"),)),
)  # fmt: skip


def _add_macros(world: World) -> None:
    stamp = world.stamp()
    for position, (title, description, actions) in enumerate(_MACROS):
        rows = [{"field": name, "value": value} for name, value in actions]
        macro = Macro(world.next_id(), title, rows, description or None, position=position)
        macro.created_at = macro.updated_at = stamp
        world.macros[macro.id] = macro


_SYSTEM_FIELDS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("subject", "Subject", ()),
    ("description", "Description", ()),
    ("status", "Status", ("new", "open", "pending", "hold", "solved", "closed")),
    ("tickettype", "Type", ("problem", "incident", "question", "task")),
    ("priority", "Priority", ("low", "normal", "high", "urgent")),
    ("group", "Group", ()),
    ("assignee", "Assignee", ()),
)
SIGNED_IN_SEGMENT = 8447346621999
STAFF_SEGMENT = 8447346622000


def _add_fields(world: World) -> None:
    stamp = world.stamp()
    for position, (kind, title, values) in enumerate(_SYSTEM_FIELDS):
        options = [FieldOption(world.next_id(), value.capitalize(), value) for value in values]
        row = TicketField(world.next_id(), title, kind, position=position, is_system=True, options=options)
        row.created_at = row.updated_at = stamp
        world.ticket_fields[row.id] = row


def _add_segments(world: World) -> None:
    stamp = world.stamp()
    for number, name, kind in (
        (SIGNED_IN_SEGMENT, "Signed-in users", "signed_in_users"),
        (STAFF_SEGMENT, "Agents and admins", "staff"),
    ):
        segment = UserSegment(number, name, kind, built_in=True, created_at=stamp, updated_at=stamp)
        world.user_segments[number] = segment


def _add_staff(world: World, name: str, email: str, role: str) -> User:
    stamp = world.stamp()
    return world.add_user(User(world.next_id(), name, email, role=role, created_at=stamp, updated_at=stamp))


def _join(user: User, groups: list[Group]) -> None:
    user.default_group_id = groups[0].id
    for group in groups:
        group.member_ids.append(user.id)


def connect(world: World, deskhand_url: str, secret: str) -> Webhook:
    """Create the webhook to Deskhand and its triggers, or bring them up to date, as `deskhand connect` does."""
    endpoint, mark = f"{deskhand_url.rstrip('/')}/webhooks/zendesk", made_by_connect("webhook")
    webhook = next((w for w in world.webhooks.values() if w.description == mark), None)
    if webhook is None:
        webhook = Webhook(
            id=new_ulid(),
            name="Deskhand",
            endpoint=endpoint,
            signing_secret=secret,
            description=mark,
            created_at=world.stamp(),
            created_by=str(world.account.oauth_owner_id),
        )
        world.webhooks[webhook.id] = webhook
    webhook.endpoint, webhook.signing_secret = endpoint, secret
    if not any(trigger.description == made_by_connect("solved") for trigger in world.triggers.values()):
        own = TriggerCategory(str(world.next_id()), "Deskhand", 1, created_at=world.stamp(), updated_at=world.stamp())
        world.trigger_categories[own.id] = own
        for position, (rule, title, conditions) in enumerate(_RULES):
            _add_trigger(world, webhook, position, rule, title, conditions)
    return webhook


def _condition(field: str, operator: str, value: str) -> dict[str, str]:
    return {"field": field, "operator": operator, "value": value}


_RULES = (
    (
        "customer_message",
        "Deskhand: customer message",
        [
            _condition("role", "is", "end_user"),
            _condition("comment_is_public", "is", "true"),
            _condition("current_tags", "not_includes", "deskhand_off"),
        ],
    ),
    ("solved", "Deskhand: solved", [_condition("status", "value", "solved")]),
    (
        "staff_activity",
        "Deskhand: staff activity",
        [_condition("role", "is", "agent"), _condition("current_via_id", "is_not", "5")],
    ),
)


def webhook_body(rule: str) -> str:
    """Return the body a trigger sends: ids, times and fixed words only, all quoted."""
    return json.dumps(
        {
            "source": "trigger",
            "rule": rule,
            "ticket_id": "{{ticket.id}}",
            "status": "{{ticket.status}}",
            "updated_at": "{{ticket.updated_at_with_timestamp}}",
            "latest_comment_id": "{{ticket.latest_comment.id}}",
            "current_user_id": "{{current_user.id}}",
            "requester_id": "{{ticket.requester.id}}",
            "via": "{{ticket.via}}",
        }
    )


def _add_trigger(
    world: World, webhook: Webhook, position: int, rule: str, title: str, conditions: list[dict[str, str]]
) -> None:
    stamp = world.stamp()
    trigger = Trigger(
        id=world.next_id(),
        title=title,
        description=made_by_connect(rule),
        conditions={"all": conditions, "any": []},
        actions=[{"field": "notification_webhook", "value": [webhook.id, webhook_body(rule)]}],
        position=position,
        category_id=next(row.id for row in world.trigger_categories.values() if row.name == "Deskhand"),
        created_at=stamp,
        updated_at=stamp,
    )
    world.triggers[trigger.id] = trigger
