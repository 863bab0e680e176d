"""workers.rules and config/rules.toml: every rule against its own examples; mood and urgency by table."""

import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from config.policy import Rule
from workers.domain import Action, MessageKind, Reading, RuleHit, Sentiment, Turn, Urgency
from workers.patterns import compile_pattern
from workers.rules import match, mood, strictest, urgency

RAW = tomllib.loads((Path(__file__).parents[2] / "config/rules.toml").read_text(encoding="utf-8"))["rules"]
RULES = {name: Rule.model_validate(rule) for name, rule in RAW.items()}
TEAMS = {"support", "billing", "technical", "security", "sales"}
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def _reading(text: str, subject: str = "", thread: tuple[Turn, ...] = ()) -> Reading:
    return Reading("1", MessageKind.QUESTION, subject, text, text, (), "en", thread)


def _ids(reading: Reading, rules=RULES, organization_tags=(), requester_tags=()) -> list[str]:
    hits = match(reading, requester_tags=requester_tags, organization_tags=organization_tags, rules=rules)
    return [hit.id for hit in hits]


@pytest.mark.parametrize(("name", "text"), [(n, e) for n, rule in RULES.items() for e in rule.examples])
def test_examples_match(name, text):
    """Every example of a rule is caught by it, among all rules."""
    assert name in _ids(_reading(text))


@pytest.mark.parametrize(("name", "text"), [(n, e) for n, rule in RULES.items() for e in rule.counter_examples])
def test_counter_examples_do_not(name, text):
    """No counter-example of a rule is caught by it."""
    assert name not in _ids(_reading(text))


@pytest.mark.parametrize("name", RULES)
def test_each_rule_is_complete(name):
    """A rule has a reason in words, a known team or none, a ceiling, patterns that compile, and enough examples."""
    rule = RULES[name]
    assert rule.reason.endswith(".")
    assert rule.team in TEAMS | {""}
    assert rule.action in ("draft", "assist", "hand_off")
    for pattern in (*rule.any_of, *rule.unless):
        compile_pattern(pattern)
    if rule.any_of:
        assert len(rule.examples) >= 6
        assert len(rule.counter_examples) >= 4


ORDINARY = [
    "How do I copy last week's schedule to next week?",
    "The export to payroll is empty since Monday.",
    "Can employees swap shifts without asking me?",
    "Where do I see who is on vacation?",
    "The clock-in button is greyed out on Android.",
    "What does the Team plan cost for 40 people?",
    "Wie lege ich einen zweiten Standort an?",
    "Die Stempeluhr zeigt die falsche Zeit an.",
    "¿Cómo puedo añadir un empleado nuevo?",
    "Comment modifier les heures d'ouverture ?",
    "Please add my manager to the account so that she can approve hours.",
    "I changed phones and the app asks for a code.",
    "Is there an API to read time entries?",
    "We open a new restaurant next month and need a template.",
]


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_questions_meet_no_rule(text):
    """Everyday questions about schedules stay with the pipeline."""
    assert _ids(_reading(text)) == []


def test_tags_of_the_organisation_and_the_requester():
    """A VIP tag is enough, without any words and whatever its case."""
    reading = _reading("How do I copy a week?")
    assert _ids(reading, organization_tags=["VIP"]) == ["vip"]
    assert _ids(reading, requester_tags=["vip"]) == ["vip"]
    assert _ids(reading, requester_tags=["vipers"]) == []


def test_hits_come_strictest_first():
    """The strictest ceiling leads, and `strictest` names it."""
    reading = _reading("I am furious. I will call my lawyer and cancel my subscription.")
    hits = match(reading, requester_tags=(), organization_tags=("vip",), rules=RULES)
    assert hits[0].id == "legal_threat"
    assert [hit.action for hit in hits] == sorted((h.action for h in hits), key=lambda a: -(a.tier or 0))
    assert strictest(hits) is Action.HAND_OFF
    assert strictest(()) is None
    assert strictest([RuleHit("a", Action.DRAFT, ""), RuleHit("b", Action.ASSIST, "")]) is Action.ASSIST


def test_the_subject_counts_only_while_it_is_new():
    """A subject about a lawyer matters in the first message, not in every later reply."""
    before = (Turn("requester", "My lawyer will call.", NOW), Turn("staff", "We look into it.", NOW))
    assert "legal_threat" in _ids(_reading("Please see.", subject="My lawyer"))
    assert "legal_threat" not in _ids(_reading("It works now.", subject="My lawyer", thread=before))


def test_subject_and_text_are_two_sentences():
    """Words do not join over the end of the subject."""
    rules = {"r": Rule(reason="x.", action="assist", any_of=("export payroll",))}
    assert _ids(_reading("payroll", subject="export"), rules) == []


def test_unless_takes_back_only_in_its_own_sentence():
    """A second sentence that does match keeps the rule."""
    rules = {"r": Rule(reason="x.", action="assist", any_of=("lawyer",), unless=("we are lawyer",))}
    assert _ids(_reading("We are a lawyer office."), rules) == []
    assert _ids(_reading("We are a lawyer office. I call my own lawyer."), rules) == ["r"]


MOODS = [
    ("How do I export shifts?", "calm"),
    ("Thank you, that is very kind!", "calm"),
    ("I am not angry, I just want to understand.", "calm"),
    ("IBM and SAP are our HR systems, the CSV has a BOM.", "calm"),
    ("I am a bit disappointed by the new calendar.", "unhappy"),
    ("Still no answer from you.", "unhappy"),
    ("This is ridiculous!", "frustrated"),
    ("I am sick of this app.", "frustrated"),
    ("I already wrote you three times and still no answer.", "frustrated"),
    ("WHY DOES NOBODY ANSWER MY MAILS, THE EXPORT IS EMPTY!!!", "frustrated"),
    ("What the fuck?", "frustrated"),
    ("So frustrating!!!! Nothing works", "frustrated"),
    ("Das ist eine Frechheit.", "frustrated"),
    ("Ich bin enttäuscht.", "unhappy"),
    ("Es inaceptable.", "frustrated"),
    ("This is the THIRD time I ask, and nothing happens!", "unhappy"),
    ("C'est scandaleux.", "frustrated"),
]


@pytest.mark.parametrize(("text", "expected"), MOODS)
def test_mood(text, expected):
    """Anger words, capitals, exclamation marks and repeated contact add up."""
    assert mood(_reading(text)) is Sentiment(expected)


def test_unhappy_with_our_answer_is_frustrated():
    """The same words weigh more after an automatic answer that did not help."""
    text = "I removed it as you said and it is still there. This is getting annoying."
    answered = (Turn("requester", "It is there twice.", NOW), Turn("bot", "Remove one of them.", NOW))
    assert mood(_reading(text)) is Sentiment.UNHAPPY
    assert mood(_reading(text, thread=answered)) is Sentiment.FRUSTRATED
    assert mood(_reading("And how do I add a second one?", thread=answered)) is Sentiment.CALM


def test_unhappy_twice_is_frustrated():
    """What was wrong before and is still wrong wants a person; after a calm message it may be a passing annoyance."""
    text = "This is annoying."
    for before, expected in (("I am disappointed.", Sentiment.FRUSTRATED), ("How do I export?", Sentiment.UNHAPPY)):
        thread = (Turn("requester", before, NOW), Turn("staff", "Please try again.", NOW))
        assert mood(_reading(text, thread=thread)) is expected
        assert mood(_reading("How do I add a shop?", thread=thread)) is Sentiment.CALM


def test_unhappy_with_another_request_open_is_frustrated():
    """Who waits elsewhere already is not answered by a machine; a calm second question is no complaint."""
    assert mood(_reading("This is annoying."), is_repeated=True) is Sentiment.FRUSTRATED
    assert mood(_reading("How do I add a shop?"), is_repeated=True) is Sentiment.CALM


URGENCIES = [
    ("How do I export shifts?", "normal"),
    ("Please help asap", "high"),
    ("The app closes immediately after the start.", "normal"),
    ("Please fix it immediately", "high"),
    ("It is not urgent.", "low"),
    ("No rush, whenever you have time.", "low"),
    ("Bitte dringend um Antwort", "high"),
    ("Payroll is due today and the export fails", "high"),
    ("My account has been hacked", "critical"),
    ("Third time I ask about the export, and pay day is tomorrow", "high"),
    ("Tomorrow is pay day for us", "high"),
    ("How do I set which day is pay day?", "normal"),
]


@pytest.mark.parametrize(("text", "expected"), URGENCIES)
def test_urgency(text, expected):
    """The highest of rules and plain words wins; 'no rush' lowers."""
    reading = _reading(text)
    hits = match(reading, requester_tags=(), organization_tags=(), rules=RULES)
    assert urgency(reading, hits) is Urgency(expected)
