"""The sample world is whole: what tickets expect exists, and what must not be said is only where nobody may read it."""

import json
import re
import shutil
from collections import Counter
from pathlib import Path

import pytest

from config.policy import Policy, load_policy
from scripts.sandbox.richtext import article_html
from scripts.world import load as world_module
from scripts.world.load import (
    Article,
    Ticket,
    World,
    WorldError,
    articles_from_jsonl,
    load_world,
    tickets_from_jsonl,
)

FOLDER = Path(world_module.__file__).parent
WORLD = load_world()
EVERY_TICKET = (*WORLD.tickets, *(t for scene in WORLD.scenes for t in (scene.ticket, scene.similar)))
AT_LEAST = {
    "plain": 60,
    "typos": 6,
    "angry": 4,
    "two_questions": 5,
    "quoted": 5,
    "auto": 6,
    "thanks": 4,
    "language": 6,
    "injection": 4,
    "personal_data": 5,
    "unanswerable": 4,
    "nonexistent": 5,
    "human": 3,
    "legal": 3,
    "security": 6,
    "billing": 10,
    "follow_up": 4,
    "burst": 3,
    "empty": 3,
    "outbound": 2,
    "vip": 2,
    "wrong_recipient": 3,
    "suspended": 1,
    "self_harm": 1,
}


@pytest.fixture(scope="module")
def policy() -> Policy:
    return load_policy(Path("config"))


def _words(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))


def _passes_luhn(digits: str) -> bool:
    doubled = [int(d) * 2 if i % 2 else int(d) for i, d in enumerate(reversed(digits))]
    return sum(d - 9 if d > 9 else d for d in doubled) % 10 == 0


def _copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(FOLDER, tmp_path / "world"))


def _change_first_ticket(folder: Path, **changes: object) -> None:
    path = folder / "tickets.jsonl"
    first, rest = path.read_text(encoding="utf-8").split("\n", 1)
    path.write_text(json.dumps(json.loads(first) | changes) + "\n" + rest, encoding="utf-8")


def test_world_fits_the_taxonomy(policy: Policy) -> None:
    """Every intent, team and group that the world names exists in the configuration."""
    assert load_world(policy=policy) == WORLD


def test_taxonomy_has_what_stage_one_needs(policy: Policy) -> None:
    """Each intent has a team and 40 to 90 examples, and no example serves two intents."""
    assert 18 <= len(policy.intents) <= 26
    for name, intent in policy.intents.items():
        assert intent.team, name
        assert 40 <= len(intent.examples) <= 90, name
    doubled = Counter(_words(e) for intent in policy.intents.values() for e in intent.examples)
    assert [example for example, count in doubled.items() if count > 1] == []


def test_examples_are_not_tickets(policy: Policy) -> None:
    """No example of the taxonomy is the subject or a message of a ticket: training and test stay apart."""
    said = {_words(text) for t in EVERY_TICKET for text in (t.subject, t.body, *(step.body for step in t.then))}
    examples = {_words(e) for intent in policy.intents.values() for e in intent.examples}
    assert examples & said == set()


def test_risky_intents_never_answer_by_themselves(policy: Policy) -> None:
    """Refunds, deletion, incidents and law stay with people, money is never sent unless it quotes public prices."""
    for name in ("refund_dispute", "delete_account", "security_incident", "legal"):
        assert (policy.ceiling_of(name), policy.autonomy_of(name)) == ("hand_off", "off")
    for name, intent in policy.intents.items():
        if intent.is_money and name != "plans_prices":
            assert policy.autonomy_of(name) != "send", name


@pytest.mark.parametrize("article", WORLD.articles, ids=lambda a: a.id)
def test_article_is_readable(article: Article) -> None:
    """An article has headings, a sensible length, and speaks of no real host."""
    assert 110 <= len(article.body.split()) <= 500
    assert re.search(r"^## \S", article.body, flags=re.MULTILINE)
    hosts = re.findall(r"[\w.-]+\.(?:com|org|net|io)\b", article.body)
    assert hosts == []


@pytest.mark.parametrize("article", WORLD.articles, ids=lambda a: a.id)
def test_article_becomes_clean_html(article: Article) -> None:
    """As HTML an article keeps all its headings and shows no mark of Markdown."""
    assert article_html(article.body).count("<h2>") == len(re.findall(r"^## ", article.body, flags=re.MULTILINE))
    text = re.sub(r"<code>.*?</code>|<[^>]+>", " ", article_html(article.body))
    assert not re.search(r"\*\*|\||^#|^\d+\. |^- ", text, flags=re.MULTILINE)


def test_help_centre_has_its_traps() -> None:
    """There are drafts, restricted, outdated and German articles besides sixty public ones."""
    articles = WORLD.articles
    assert sum(a.is_public and not a.is_outdated for a in articles) >= 60
    assert sum(a.is_draft for a in articles) == 3
    assert Counter(a.restricted for a in articles if a.restricted) == {"staff": 3, "signed_in": 1}
    assert sum(a.is_outdated for a in articles) == 2
    assert sum(a.locale == "de" for a in articles) == 2


def test_two_articles_contradict_each_other_about_refunds() -> None:
    """One page grants 30 days on a yearly plan, the other 14."""
    body = {a.id: a.body for a in WORLD.articles}
    assert "within 30 days of the first purchase" in body["refund-policy"]
    assert "within 14 days of the purchase" in body["yearly-billing-questions"]


def test_error_codes_agree_over_articles() -> None:
    """Every error code that any public article or ticket mentions stands in the list of error codes."""
    listed = set(re.findall(r"TM-\d{4}", next(a.body for a in WORLD.articles if a.id == "error-codes")))
    mentioned = {c for a in WORLD.articles if a.is_public for c in re.findall(r"TM-\d{4}", a.body)}
    mentioned |= {c for t in EVERY_TICKET for c in re.findall(r"TM-\d{4}", t.subject + t.body)}
    assert mentioned <= listed


def test_staff_secrets_stand_in_no_public_article() -> None:
    """The codes, tools and amounts of the runbooks and the prices of the draft are nowhere in public text."""
    public = "\n".join(a.body for a in WORLD.articles if a.is_public)
    hidden = "\n".join(a.body for a in WORLD.articles if not a.is_public)
    for secret in ("HARBOUR-40", "Lighthouse", "$180", "FIN-DESK", "day 49", "$3.95", "$0.06"):
        assert secret in hidden
        assert secret not in public


def test_sources_are_public() -> None:
    """What a ticket may be answered from is public and neither draft nor outdated."""
    usable = {a.id for a in WORLD.articles if a.is_public and not a.is_outdated}
    named = {source for t in EVERY_TICKET if t.expect for source in t.expect.sources}
    assert named <= usable
    assert len(named) >= 50


def test_enough_tickets_of_each_kind() -> None:
    """Each kind of ticket that a real desk sees is there in number."""
    counts = Counter(t.kind for t in WORLD.tickets)
    assert {kind: counts[kind] for kind, least in AT_LEAST.items() if counts[kind] < least} == {}
    assert len(WORLD.tickets) >= 200


def test_about_half_is_plain_help() -> None:
    """Between 45 and 65 of a hundred tickets can be answered with a reply."""
    sendable = sum(t.expect is not None and t.expect.action[0] == "send" for t in WORLD.tickets)
    assert 0.45 <= sendable / len(WORLD.tickets) <= 0.65


@pytest.mark.parametrize("ticket", [t for t in EVERY_TICKET if t.expect], ids=lambda t: t.key)
def test_expectation_is_sensible(ticket: Ticket) -> None:
    """An expected reply rests on an article or a lesson, it is explained, and no action is listed twice."""
    expect = ticket.expect
    assert expect is not None
    assert len(set(expect.action)) == len(expect.action)
    assert len(ticket.why) >= 20
    if expect.action[0] == "send":
        assert expect.sources or ticket.kind == "learning"
    if set(expect.action) == {"ignore"}:
        assert expect.reason


@pytest.mark.parametrize("intent", ["refund_dispute", "delete_account", "security_incident", "legal"])
def test_risky_tickets_expect_a_person_first(intent: str) -> None:
    """No ticket of a risky intent hopes for an automatic reply."""
    tickets = [t for t in WORLD.tickets if t.expect and t.expect.intent == intent]
    assert all(t.expect and t.expect.action[0] == "hand_off" for t in tickets)


def test_card_number_is_one_a_card_could_have() -> None:
    """The invented card number passes the check digit, or masking by check digit would not be tried."""
    body = next(t.body for t in WORLD.tickets if t.key == "pii-01")
    digits = re.sub(r"\D", "", re.search(r"(?:\d{4} ){3}\d{4}", body)[0])  # type: ignore[index]
    assert _passes_luhn(digits)


def test_lessons_say_what_no_article_says() -> None:
    """A learning scene asks for something no public article holds, and its answer is short enough to be reused."""
    assert len(WORLD.scenes) == 3
    public = "\n".join(a.body for a in WORLD.articles if a.is_public).casefold()
    for words in ("contrast", "colour-blind", "short name", "emergency contact"):
        assert words not in public
    for scene in WORLD.scenes:
        assert 40 <= len(scene.staff_answer.split()) <= 80
        assert scene.ticket.requester.email != scene.similar.requester.email
        assert _words(scene.ticket.body) != _words(scene.similar.body)


def test_everybody_is_invented() -> None:
    """All addresses end in a reserved domain, so that nobody real can ever be written to."""
    emails = [person.email for person in WORLD.people.staff]
    emails += [person.email for person in (*WORLD.people.suspended, *(t.requester for t in EVERY_TICKET))]
    assert [email for email in emails if not email.endswith(".example")] == []


def test_vip_tickets_come_from_the_vip_organization() -> None:
    """The VIP organisation of the tickets is the one in people.toml, with the same tags."""
    known = {o.name: o.tags for o in WORLD.people.organizations}
    for ticket in WORLD.tickets:
        if ticket.organization:
            assert known[ticket.organization.name] == ticket.organization.tags
    assert all(t.organization and "vip" in t.organization.tags for t in WORLD.tickets if t.kind == "vip")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"expect": {"action": ["shout"]}}, "action"),
        ({"expect": {"action": ["send"], "sources": ["runbook-refund-limits"]}}, "no public article"),
        ({"expect": {"action": ["send"], "sources": ["no-such-article"]}}, "no public article"),
        ({"expect": {"action": ["ignore"], "reason": "boredom"}}, "not a code"),
        ({"channel": "pigeon"}, "channel"),
        ({"key": "sched-02"}, "two tickets"),
        ({"then": [{"as": "ghost", "body": "boo"}]}, "step"),
        ({"kind": "suspended"}, "suspended"),
        ({"requester": {"name": "No address"}}, "email"),
    ],
)
def test_a_mistake_in_a_ticket_is_named(tmp_path: Path, changes: dict[str, object], message: str) -> None:
    """A ticket that cannot be right is refused with a message that says what is wrong."""
    folder = _copy(tmp_path)
    _change_first_ticket(folder, **changes)
    with pytest.raises(WorldError, match=message):
        load_world(folder)


@pytest.mark.parametrize("changes", [{"intent": "time_travel"}, {"team": "astronauts"}])
def test_unknown_to_the_taxonomy_is_named(tmp_path: Path, policy: Policy, changes: dict[str, str]) -> None:
    """With a policy, an intent or team that does not exist is refused."""
    folder = _copy(tmp_path)
    _change_first_ticket(folder, expect={"action": ["send"]} | changes)
    assert isinstance(load_world(folder), World)
    with pytest.raises(WorldError, match="in the taxonomy"):
        load_world(folder, policy=policy)


@pytest.mark.parametrize(
    ("old", "new"),
    [("+++\n", "---\n"), ('id = "slack"', 'id = "stack"'), ("draft = false\n", ""), ("2026-03-24", "last spring")],
)
def test_a_mistake_in_an_article_is_named(tmp_path: Path, old: str, new: str) -> None:
    """An article whose head is broken is refused by file name."""
    folder = _copy(tmp_path)
    path = folder / "articles" / "slack.md"
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    with pytest.raises(WorldError, match=r"slack\.md"):
        load_world(folder)


def test_articles_of_another_product_are_read(tmp_path: Path) -> None:
    """Rows with summary and body, with text alone, and with next to nothing all become public articles."""
    path = tmp_path / "articles.jsonl"
    rows = [
        {"doc_id": "a", "title": "A", "summary": "In short.", "body": "At length.", "topics": ["mail"], "url": "u"},
        {"doc_id": "b-two", "text": "Only text.", "snapshot": "2025-09-26", "topics": None},
        {"title": "C"},
    ]
    path.write_text("\n\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    first, second, third = articles_from_jsonl(path)
    assert (first.id, first.body, first.section, first.labels) == ("a", "In short.\n\nAt length.", "mail", ("mail",))
    assert (second.title, second.body, str(second.updated)) == ("b two", "Only text.", "2025-09-26")
    assert (third.id, third.body, third.updated, third.is_public) == ("article-3", "", None, True)


def test_tickets_of_another_product_are_read(tmp_path: Path) -> None:
    """Rows become tickets without expectations; a bare text gives subject and body, and the limit is kept."""
    path = tmp_path / "tickets.jsonl"
    rows = [
        {"ticket_id": "7", "subject": "S", "body": "B", "messages": [{"role": "agent", "text": "later"}]},
        {"text": "One long line " * 20 + "\nsecond line"},
        {"ticket_id": 9},
    ]
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    first, second = tickets_from_jsonl(path, limit=2)
    assert (first.key, first.subject, first.body, first.expect, first.then) == ("7", "S", "B", None, ())
    assert second.subject.startswith("One long line")
    assert len(second.subject) <= 80
    assert second.body.endswith("second line")
    assert first.requester != second.requester
    assert [t.key for t in tickets_from_jsonl(path)] == ["7", "2", "9"]
    assert tickets_from_jsonl(path, limit=0) == ()


@pytest.mark.parametrize("content", ["not json", "[1, 2]", None])
def test_a_file_that_is_no_jsonl_is_named(tmp_path: Path, content: str | None) -> None:
    """A missing file or a line that is no object is refused with the file's name."""
    path = tmp_path / "x.jsonl"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(WorldError, match=r"x\.jsonl"):
        tickets_from_jsonl(path)
    with pytest.raises(WorldError, match=r"x\.jsonl"):
        articles_from_jsonl(path)
