"""workers.stages.premise: what is asked for and does not exist is named; the requester's own world is not."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from kb.domain import Passage, Source
from kb.embed import everyday_words, real_words
from kb.spelling import Speller
from kb.vocabulary import Vocabulary
from scripts.world.load import Article, load_world
from workers.domain import MessageKind, Reading
from workers.reading.asks import asks
from workers.stages.premise import Lacks, unknown_things

# Written for this test: things that Tidemark does not have, each beside the article it comes nearest to, and things it
# has, in other words than the article's. The rules were made with the part called "seen" in view, never the other.
ROWS = [json.loads(line) for line in (Path(__file__).parent / "premise" / "questions.jsonl").read_text().splitlines()]
KNOWN = "Open the schedule, choose the shift and press Offer swap. A manager approves. The kiosk takes a PIN."


def reading(text: str, language: str = "en", vault: dict[str, str] | None = None) -> Reading:
    return Reading("1", MessageKind.QUESTION, "", text, text, asks(text), language, (), vault=vault or {})


def passage(text: str = KNOWN, title: str = "Swap shifts") -> Passage:
    return Passage("a#0", "a", Source.ARTICLE, title, (), text, "", 0.9)


def lacks_of(*texts: str) -> Lacks:
    vocabulary, speller = Vocabulary(texts, real_words(), everyday_words()), Speller(texts, real_words())
    return lambda text: vocabulary.lacks(text, speller.mend)


def things(text: str, *library: str, language: str = "en") -> tuple[str, ...]:
    return unknown_things(reading(text, language), [passage()], lacks_of(KNOWN, *library))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("What does the lifetime licence cost?", ("lifetime", "licence")),
        ("How do I register NFC badges at the kiosk?", ("NFC", "badges")),
        ("Please tell me how to open the fingerprint menu.", ("fingerprint", "menu")),
        ("Does the schedule work with Zapier?", ("Zapier",)),
    ],
)
def test_the_name_of_a_thing_nobody_knows_is_found(text, found):
    """A noun that no text has is what the reply cannot speak of."""
    assert things(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "How do I swap a shift?",
        "How can my lifeguards swap a shift?",
        "Can one of the barbers swap a shift on Friday morning?",
        "How do I stencil the schedule?",
        "How do people swap by telephoning a manager?",
        "Our swimming bath opened a slide. The trainers are happy.",
        "How do I swap a shfit in the scheduel?",
        "Is there anybody who approves a swap?",
        "FYI - can we swap a shift?",
        "ok. meanwhile how do i swap a shift?",
        "btw can u approve the shift?",
    ],
)
def test_the_requesters_own_world_is_no_thing(text):
    """People, days, deeds, stories and slips of the finger are no names of features."""
    assert things(text) == ()


def test_a_name_that_only_another_article_has_is_found():
    """A reply about shifts does not answer a question about shifts in Slack, though the library knows Slack."""
    assert things("Can I swap a shift in Slack?", "Connect Slack in the settings.") == ("Slack",)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("How do I send a broadcast to all staff?", ("broadcast",)),
        ("Where do new people sign the employment contract?", ("employment", "contract")),
        ("How can I send the employment contract?", ("employment", "contract")),
        ("How do I open the employment schedule?", ()),
        ("How do I tell the broadcast team?", ()),
        ("How do I take him off the shift?", ()),
        ("Where do I enter my contrct?", ()),
        ("The broadcast works. Can I swap a shift?", ()),
    ],
)
def test_what_is_asked_for_stands_in_some_passage(text, found):
    """The thing to be sent or signed is named if no cited passage has any word of it, though other texts have."""
    assert things(text, "A broadcast in the employment contract.") == found


def test_masked_values_and_other_languages_are_left_alone():
    """A placeholder names a person, and an English library is no measure for German."""
    asked = reading("Can you swap the shift of [name-1]?", vault={"[name-1]": "Lisa"})
    assert unknown_things(asked, [passage()], lacks_of(KNOWN)) == ()
    assert things("Was kostet die Dauerlizenz?", language="de") == ()


@pytest.fixture(scope="module")
def library() -> tuple[dict[str, Article], Lacks]:
    articles = {article.id: article for article in load_world().articles if article.is_public}
    return articles, lacks_of(*(f"{one.title} {' '.join(one.labels)} {one.body}" for one in articles.values()))


def flagged(library: tuple[dict[str, Article], Lacks], part: str, *, exists: bool) -> Iterator[bool]:
    articles, lacks = library
    for row in ROWS:
        if (row["part"], row["exists"]) == (part, exists):
            article = articles[row["article"]]
            used = [passage(article.body, article.title)]
            found = unknown_things(reading(row["question"]), used, lacks, known=["Tidemark"])
            yield bool(found)


@pytest.mark.parametrize("part", ["seen", "unseen"])
def test_invented_features_are_told_from_real_ones(library, part, capsys):
    """Most invented features are named whatever article a draft rests on; questions in other words pass."""
    invented = list(flagged(library, part, exists=False))
    real = list(flagged(library, part, exists=True))
    with capsys.disabled():
        print(f" {part}: {sum(invented)} of {len(invented)} invented, {sum(real)} of {len(real)} real", end=" ")
    assert sum(invented) >= 0.8 * len(invented)
    assert sum(real) <= 0.17 * len(real)
