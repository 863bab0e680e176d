"""The workspace as it is at the start: teammates, teams, a multilingual help centre, attributes, ticket types."""

from scripts.sandbox.intercom.state import (
    Admin,
    Article,
    Attribute,
    Collection,
    HelpCenter,
    Team,
    TicketState,
    TicketType,
    World,
)

DEFAULT_CLIENT_SECRET = "sandbox-intercom-client-secret"  # noqa: S105 - public on purpose
BOT_NAME = "Deskhand Assistant"
_FIRST_ADMIN, _FIRST_TEAM = 7001, 5017
_TEAMS = ("Support", "Billing", "Technical", "Security & Privacy", "Sales")
_STAFF = (
    ("Priya Raman", "priya@tidemark.example", ("Support", "Technical")),
    ("Tomas Novak", "tomas@tidemark.example", ("Support", "Billing", "Sales")),
    ("Lena Fischer", "lena@tidemark.example", ("Support", "Security & Privacy")),
    ("Amara Okafor", "amara@tidemark.example", ("Technical", "Support")),
)
_COLLECTIONS = ("Getting started", "Scheduling and time", "Payroll and billing", "Account and security")
_STATES = (
    ("1", "submitted", "Submitted", "Submitted"),
    ("2", "in_progress", "In progress", "In progress"),
    ("3", "waiting_on_customer", "Waiting on customer", "Waiting on you"),
    ("4", "resolved", "Resolved", "Resolved"),
)


def seed(world: World) -> None:
    """Fill an empty world."""
    stamp = world.stamp()
    teams = {name: Team(_FIRST_TEAM + place, name) for place, name in enumerate(_TEAMS)}
    world.teams = {team.id: team for team in teams.values()}
    for place, (name, email, wanted) in enumerate(_STAFF):
        _join(world, Admin(_FIRST_ADMIN + place, name, email), [teams[one] for one in wanted])
    bot = Admin(_FIRST_ADMIN + 8, BOT_NAME, "deskhand@tidemark.example")
    _join(world, bot, [teams["Support"]])
    operator = Admin(_FIRST_ADMIN + 98, "Operator", f"operator+{world.account.app_id}@intercom.io")
    operator.is_operator, operator.has_inbox_seat = True, False
    _join(world, operator, [])
    world.account.owner_id, world.account.operator_id = bot.id, operator.id
    centre = HelpCenter(world.take("row"), "tidemark", "Tidemark Help", ["en", "de"], created_at=stamp)
    centre.updated_at = stamp
    world.help_centers[centre.id] = centre
    for place, name in enumerate(_COLLECTIONS):
        row = Collection(world.take("row"), name, centre.id, order=place, created_at=stamp, updated_at=stamp)
        world.collections[row.id] = row
    for number, name, category in (("53", "Bug report", "Customer"), ("54", "Internal task", "Back-office")):
        world.ticket_types[number] = TicketType(number, name, category)
    for number, category, inside, outside in _STATES:
        world.ticket_states[number] = TicketState(number, category, inside, outside)
    _add_attributes(world, stamp)
    note = Article(world.take("row"), "How we handle refunds", "<p>Only billing decides.</p>", bot.id)
    note.is_internal, note.created_at, note.updated_at = True, stamp, stamp
    world.articles[note.id] = note


def _join(world: World, admin: Admin, teams: list[Team]) -> None:
    world.admins[admin.id] = admin
    admin.team_ids = [team.id for team in teams]
    for team in teams:
        team.admin_ids.append(admin.id)


def _add_attributes(world: World, stamp: int) -> None:
    """Add what a workspace has by itself: a title and a description of what a ticket is about."""
    for name in ("Ticket category", "Reference"):
        row = Attribute(world.take("row"), name, "string", created_at=stamp, updated_at=stamp)
        world.attributes[row.id] = row
