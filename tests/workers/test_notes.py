"""What people read: the reply and the notes, as they stand in tests/workers/notes/, and what never stands in them."""

import os
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from integrations.helpdesk import Attachment, Message, Organization, Person, Role, Status, Ticket
from kb.domain import Passage, SimilarTicket, Source
from tests.fakes.services import POLICY
from workers import letter, notes
from workers.account import Account, Earlier, Fact
from workers.domain import (
    Action,
    Block,
    Classification,
    Code,
    Decision,
    Draft,
    Finding,
    Findings,
    Judgement,
    MessageKind,
    Reading,
    Reason,
    RuleHit,
    Sentence,
    Sentiment,
    Stage,
    Urgency,
)
from workers.letter import Package, greeting, reply
from workers.notes import assist_note, draft_note, hand_off_note

GOLDEN = Path(__file__).with_name("notes")
AT = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
SCRIPT = "<script>alert('x')</script>"
ADA = Person("501", "ada Doe", Role.REQUESTER, email="ada@harbour.example")
ASKED = Message(
    "1", ADA, True, "How do I swap a shift?", AT, attachments=(Attachment("9", "rota.png", "image/png", 5),)
)
TICKET = Ticket(
    "zendesk", "5", f"Swap a shift {SCRIPT}", Status.NEW, ADA, (ASKED,), AT, AT, "s",
    organization=Organization("1", "Harbour Café & Bar", ("vip",)),
)  # fmt: skip
VAULT = {"[email-1]": "ada@harbour.example", "[card-1]": "4111 1111 1111 1111", "[name-1]": "Ben <b>Wood</b>"}
READING = Reading(
    "1",
    MessageKind.QUESTION,
    f"Swap a shift {SCRIPT}",
    "How does [name-1] swap a shift? My card is [card-1].",
    "",
    ("How does [name-1] swap a shift on Sunday?", "Will you write to [email-1] about [card-1]?"),
    "en",
    (),
    vault=VAULT,
)
LABEL = Classification(
    "swap_shift", 0.82, Stage.TWO, sentiment=Sentiment.UNHAPPY, summary="Wants to let [name-1] swap a shift"
)
PASSAGES = (
    Passage("c1", "d1", Source.ARTICLE, "How to swap a shift", ("Shifts", "Swaps"), "Open the schedule and choose the "
            "shift. Press Offer swap. A manager approves the swap.", "https://help.example/swap?a=1&b=2", 0.8),
    Passage("c2", "d2", Source.LESSON, "Swap on Sundays", ("Answer",), "On Sundays the manager has to approve.",
            "javascript:alert(1)", 0.6),
)  # fmt: skip
DRAFT = Draft(
    (
        Sentence("You can let [name-1] swap the shift:", ("P1",)),
        Sentence("Open the schedule and choose the shift.", ("P1",), Block.STEP),
        Sentence("Press Offer swap.", ("P1",), Block.STEP),
        Sentence("A manager approves it, also on Sundays & holidays.", ("P1", "P2")),
        Sentence("Please do not send card numbers such as [card-1] by mail."),
    ),
    asks_covered=(0,),
    model_outcome="ok",
)
ACCOUNT = Account(
    (Fact("Plan", "Crew"), Fact("organisation", "Harbour Café & Bar"), Fact("recent", "2")),
    (Earlier("4", "Rota for [name-1]", Status.SOLVED, "2026-11-02"),),
)
PACKAGE = Package(TICKET, READING, LABEL, (), PASSAGES, DRAFT, account=ACCOUNT)
POLITE = POLICY.model_copy(
    update={"answering": POLICY.answering.model_copy(update={"says_assistant": "I am Tidemark's assistant."})}
)


def decision(action, *reasons, team="support", urgency=Urgency.NORMAL):
    return Decision(action, tuple(reasons), team, urgency)


def german(made):
    """Return a note as a team gets it whose language is German."""
    teams = {name: team.model_copy(update={"language": "de"}) for name, team in POLICY.teams.items()}
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(globals(), "POLICY", POLICY.model_copy(update={"teams": teams}))
        return made()


def the_reply():
    return reply(PACKAGE, POLITE)


def the_draft_note():
    reasons = Reason(Code.REVIEW_BAND, "0.72"), Reason(Code.ASK_UNCOVERED, "1 of 2"), Reason(Code.AUTONOMY_DRAFT)
    return draft_note(PACKAGE, decision(Action.DRAFT, *reasons), POLICY)


def the_draft_note_in_doubt():
    doubts = (Finding("judged_unsupported", "also on Sundays & holidays", 3), Finding("language", "en"))
    judgement = Judgement(0.7, 0.9, 1.0, doubts[:1], "Nothing is said of holidays.")
    package = replace(
        PACKAGE, reading=replace(READING, language="de"), findings=Findings(doubts[1:], judgement=judgement)
    )
    return draft_note(package, decision(Action.DRAFT, Reason(Code.UNFAITHFUL, "0.70")), POLICY)


def the_assist_note():
    findings = Findings((Finding("unsupported_number", "48"),), 0.75)
    reasons = Reason(Code.UNGROUNDED, "unsupported_number"), Reason(Code.FRUSTRATED), Reason(Code.STAFF_AT_WORK)
    reading = replace(READING, is_verified=False, bot_replies=1, attachments=("rota.png",), language="de")
    package = replace(PACKAGE, findings=findings, reading=reading)
    return assist_note(package, decision(Action.ASSIST, *reasons), POLICY)


def the_assist_note_without_a_model():
    package = replace(PACKAGE, draft=None, label=None)
    return assist_note(package, decision(Action.ASSIST, Reason(Code.NO_MODEL)), POLICY)


def the_hand_off_note():
    hits = (RuleHit("chargeback", Action.HAND_OFF, "the bank may take the money back", "chargeback", "billing"),)
    package = Package(TICKET, READING, replace(LABEL, sentiment=Sentiment.FRUSTRATED), hits)
    chosen = decision(
        Action.HAND_OFF,
        Reason(Code.RULE, "chargeback"),
        Reason(Code.WANTS_PERSON),
        team="billing",
        urgency=Urgency.CRITICAL,
    )
    return hand_off_note(package, chosen, POLICY)


RENDERED = {
    "reply": the_reply,
    "draft_note": the_draft_note,
    "draft_note_in_doubt": the_draft_note_in_doubt,
    "assist_note": the_assist_note,
    "assist_note_without_a_model": the_assist_note_without_a_model,
    "hand_off_note": the_hand_off_note,
    "draft_note_in_german": lambda: german(the_draft_note_in_doubt),
    "assist_note_in_german": lambda: german(the_assist_note),
}


@pytest.mark.parametrize("name", RENDERED)
def test_it_reads_as_it_should(name):
    """What staff or the requester gets is the file of that name; DESKHAND_WRITE_NOTES=1 writes them anew."""
    path, made = GOLDEN / f"{name}.html", RENDERED[name]() + "\n"
    if os.environ.get("DESKHAND_WRITE_NOTES"):
        path.write_text(made, encoding="utf-8")
    assert made == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", RENDERED)
def test_what_others_wrote_stays_text(name):
    """Mark-up in a subject, a name or a title is shown as it was typed, and no address runs a script."""
    made = RENDERED[name]()
    assert "<script" not in made
    assert "<b>Wood" not in made
    assert "javascript:" not in made
    assert set(re.findall(r"<(\w+)", made)) <= {
        "p", "strong", "ul", "ol", "li", "a", "br", "small", "blockquote", "u"
    }  # fmt: skip


@pytest.mark.parametrize("name", RENDERED)
def test_secrets_stay_masked_and_names_come_back(name):
    """A card number stands in no text of ours; the requester's own names and addresses do."""
    made = RENDERED[name]()
    assert "4111" not in made
    assert "[card-1]" in made
    assert "[name-1]" not in made
    assert "Ben &lt;b&gt;Wood&lt;/b&gt;" in made


def test_a_rule_speaks_like_the_other_reasons():
    """Its sentence begins small and ends without a stop; Deskhand and abbreviations keep their capitals."""
    for given, shown in (("The law is named.", "the law is named"), ("GDPR is named.", "GDPR is named")):
        package = replace(PACKAGE, hits=(RuleHit("r", Action.HAND_OFF, given),))
        chosen = decision(Action.HAND_OFF, Reason(Code.RULE, "r"), Reason(Code.GAVE_UP, "5 attempts"))
        wanted = f"{shown}; Deskhand could not finish (5 attempts)."
        assert wanted in hand_off_note(package, chosen, POLICY)


def test_a_rule_that_was_heard_says_in_what():
    """Where no word of a rule stands there, the note names the sentence, with the requester's own names in it."""
    hit = RuleHit(
        "r", Action.HAND_OFF, "A person is asked for.", "A grown up, says [name-1], should call.", is_heard=True
    )
    made = hand_off_note(replace(PACKAGE, hits=(hit,)), decision(Action.HAND_OFF, Reason(Code.RULE, "r")), POLICY)
    assert "person is asked for (it reads like that: “A grown up, says Ben" in made


def test_no_reason_of_ours_is_for_the_requester():
    """The reply holds the answer, its article and the signature: no confidence, no intent, no lesson of staff."""
    made = the_reply()
    for word in ("swap_shift", "sure", 'Sundays"', "Deskhand", "draft"):
        assert word not in made
    assert made.count("<a ") == 1


def test_the_reply_says_that_it_is_an_assistant_where_policy_asks():
    """The closing line is policy's."""
    assert "<p>I am Tidemark's assistant.</p>".replace("'", "&#39;") in the_reply()
    assert "assistant" not in reply(PACKAGE, POLICY)


def test_a_draft_made_in_shadow_is_not_shown_nor_spoken_of():
    """The note offers passages instead, and its advice does not point at a start that is not there."""
    made = assist_note(PACKAGE, decision(Action.ASSIST, Reason(Code.AUTONOMY_SHADOW)), POLICY)
    assert "A start for the reply" not in made
    assert "check the start" not in made
    assert "You can let" not in made
    assert "answer with the help of the passages below" in made


@pytest.mark.parametrize(
    ("package", "code", "advice"),
    [
        (Package(TICKET, READING), Code.UNREADABLE, "open the attachment"),
        (Package(TICKET, READING), Code.NOTHING_FOUND, "once you solve the ticket Deskhand learns your answer"),
        (Package(TICKET, READING, passages=PASSAGES), Code.NO_MODEL, "with the help of the passages below"),
        (PACKAGE, Code.FRUSTRATED, "check the start below"),
        (Package(TICKET, READING), Code.GAVE_UP, "answer personally"),
    ],
)
def test_the_advice_fits_what_is_there(package, code, advice):
    """Nobody is sent to something that the note does not have."""
    made = assist_note(package, decision(Action.ASSIST, Reason(code)), POLICY)
    assert advice in made


def test_a_draft_note_names_the_questions_it_leaves_open():
    """Whoever sends it sees at once what is missing; when nothing is, nothing is said."""
    left = "<strong>Not answered by it:</strong></p><ul><li>Will you write to ada@harbour.example about [card-1]?</li>"
    assert left in the_draft_note()
    whole = replace(PACKAGE, draft=replace(DRAFT, asks_covered=(0, 1)))
    assert "Not answered" not in draft_note(whole, decision(Action.DRAFT, Reason(Code.AUTONOMY_DRAFT)), POLICY)


def test_a_package_with_nothing_in_it_still_reads():
    """No text, no subject, no team: no hole and no error."""
    reading = Reading("1", MessageKind.ATTACHMENT_ONLY, "", "", "", (), "", ())
    made = assist_note(Package(TICKET, reading), decision(Action.ASSIST, Reason(Code.UNREADABLE), team=""), POLICY)
    assert "For the team: a new request" in made
    assert "<li></li>" not in made


def test_words_in_doubt_are_underlined_where_they_stand():
    """Whoever sends the draft sees which words, and in the list below it why; the reply itself has no such marks."""
    made = the_draft_note_in_doubt()
    assert "approves it, <u>also on Sundays &amp; holidays</u>." in made
    assert "a second reading does not find it in the sources" in made
    assert "<u>" not in reply(PACKAGE, POLICY)


def test_code_keeps_its_lines_and_stays_text():
    """A command is shown as it has to be typed."""
    code = Sentence("if a < b:\n    run --all", ("P1",), Block.CODE)
    made = reply(replace(PACKAGE, draft=Draft((code,))), POLICY)
    assert "<pre><code>if a &lt; b:<br>    run --all</code></pre>" in made


def test_a_letter_greets_in_the_requesters_language():
    """An English greeting above a German draft would have to be mended by hand every time."""
    made = the_draft_note_in_doubt()
    assert "<p>Hallo Ada,</p>" in made
    assert "Mehr dazu:" in made
    assert greeting("Ada", "fr") == "Bonjour Ada,"
    assert greeting("Ada", "tlh") == "Hi Ada,"


def test_nobody_is_greeted_for_what_another_wrote():
    """A draft that answers somebody in copy does not begin with the requester's name."""
    copied = replace(PACKAGE, reading=replace(READING, is_participant=True))
    assert "<p>Hello,</p>" in reply(copied, POLICY)
    assert "<p>Hi Ada,</p>" in reply(PACKAGE, POLICY)


def test_long_things_are_cut_between_words():
    """Five asks, three hundred letters each; quotes of three hundred and twenty."""
    reading = replace(READING, asks=tuple(f"{n} " + "word " * 200 for n in range(9)))
    passages = (replace(PASSAGES[0], text="word " * 200),)
    made = assist_note(
        Package(TICKET, reading, passages=passages), decision(Action.ASSIST, Reason(Code.NO_MODEL)), POLICY
    )
    asked = re.findall(r"<li>(\d word.*?)</li>", made)
    assert len(asked) == 5
    assert all(len(ask) <= 302 and ask.endswith("word …") for ask in asked)
    assert len(made) < 2600


def test_sources_cited_stand_once_and_in_order():
    """Two links at most under a reply, and articles only."""
    twice = replace(PACKAGE, passages=(PASSAGES[0], replace(PASSAGES[0], chunk_id="c9")))
    both = replace(twice, draft=Draft((Sentence("It is so.", ("P1", "P2")),)))
    assert reply(both, POLICY).count("<a ") == 1


def test_every_template_is_used():
    """A file nobody renders is gone."""
    source = "".join(Path(one.__file__).read_text(encoding="utf-8") for one in (letter, notes))
    folder = Path(notes.__file__).with_name("templates")
    assert {path.name for path in folder.glob("*.html")} - {"blocks.html"} <= set(re.findall(r"\w+\.html", source))


def test_a_note_says_why_a_passage_and_what_solved_the_like():
    """How often staff sent an article is told beside it; similar tickets stand with date, link and answer, as text."""
    proven = (replace(PASSAGES[0], sent_for=7, similar_tickets=10), PASSAGES[1])
    similar = (
        SimilarTicket("zendesk:9", "Swap <b>fails</b>", "Ask the manager first.", "https://desk.example/9", AT, 0.9),
        SimilarTicket("zendesk:8", "", "", "", None, 0.7),
    )
    package = replace(PACKAGE, passages=proven, draft=None, similar=similar)
    made = assist_note(package, decision(Action.ASSIST, Reason(Code.NO_MODEL)), POLICY)
    assert made.count("staff sent this for 7 of the 10 most similar tickets") == 1
    assert (
        f'<a href="https://desk.example/9">Swap &lt;b&gt;fails&lt;/b&gt;</a> ({AT:%Y-%m-%d})<br>Ask the manager' in made
    )
    assert "<li>A ticket without a subject</li>" in made
    assert "Similar tickets" not in assist_note(PACKAGE, decision(Action.ASSIST, Reason(Code.NO_MODEL)), POLICY)


def test_who_takes_over_reads_why_there_is_no_reply_and_not_why_none_went_out():
    """What holds back sending alone is said beside a draft, and where nothing else is to be said."""
    missing, unearned = Reason(Code.NOTHING_FOUND, "0.28"), Reason(Code.AUTONOMY_DRAFT)
    assert "earned" not in assist_note(PACKAGE, decision(Action.ASSIST, missing, unearned), POLICY)
    assert "earned" in assist_note(PACKAGE, decision(Action.ASSIST, unearned), POLICY)
    assert "earned" in draft_note(PACKAGE, decision(Action.DRAFT, missing, unearned), POLICY)


def test_a_guess_at_the_kind_of_request_is_not_told_and_a_long_one_is_cut():
    """The note is read in seconds; the whole of it stands on the dashboard."""
    unsure = replace(PACKAGE, label=replace(LABEL, confidence=0.4))
    assert "Kind of request" not in assist_note(unsure, decision(Action.ASSIST, Reason(Code.NO_MODEL)), POLICY)
    many = POLICY.intents["swap_shift"].model_copy(update={"description": "Swapping shifts, " * 9})
    wordy = POLICY.model_copy(update={"intents": {**POLICY.intents, "swap_shift": many}})
    (line,) = re.findall(r"Kind of request: (.*?) \(", assist_note(PACKAGE, decision(Action.ASSIST), wordy))
    assert len(line) <= 62
    assert line.endswith(" …")


@pytest.mark.parametrize(("reason", "quotes"), [(Code.NOTHING_FOUND, 1), (Code.MODEL_ESCALATED, 2)])
def test_passages_that_hardly_fit_are_named_and_the_best_is_quoted(reason, quotes):
    """Three long quotations that do not help cost the reader more than they give."""
    three = replace(
        PACKAGE, draft=None, passages=(PASSAGES[0], replace(PASSAGES[0], chunk_id="c9", title="Z"), PASSAGES[1])
    )
    note = assist_note(three, decision(Action.ASSIST, Reason(reason)), POLICY)
    texts = ("A manager approves the swap.", "On Sundays the manager has to approve.")
    assert sum(note.count(text) for text in texts) == quotes
    assert note.count("<li>") >= 3


def test_a_draft_is_sent_by_the_macro_only_where_there_are_macros():
    """Elsewhere the note names the tag."""
    elsewhere = replace(PACKAGE, ticket=replace(TICKET, vendor="intercom"))
    note = draft_note(elsewhere, decision(Action.DRAFT, Reason(Code.AUTONOMY_DRAFT)), POLICY)
    assert "put the tag deskhand_do_send on" in note
    assert "macro" not in note
    assert "use the macro “Deskhand::Send the draft”" in the_draft_note()


def test_in_a_chat_the_draft_is_plain_text_to_copy():
    """No mark-up, no signature, nothing about /send, which is refused there; too long for the channel is said."""
    chat = replace(PACKAGE, ticket=replace(TICKET, is_messaging=True, channel="sms"))
    made = draft_note(chat, decision(Action.DRAFT, Reason(Code.CHANNEL_DRAFT_ONLY, "sms")), POLICY)
    shown = made.split("<pre>")[1].split("</pre>")[0]
    assert "1. Open the schedule and choose the shift.<br>2. Press Offer swap." in shown
    assert "Ben &lt;b&gt;Wood&lt;/b&gt;" in shown
    assert POLICY.answering.signature not in made
    assert "write /send" not in made
    assert "letters longer" not in made
    long = replace(chat, draft=Draft((Sentence("A word. " * 250, ("P1",)),)))
    assert "letters longer than the channel takes" in draft_note(long, decision(Action.DRAFT), POLICY)
