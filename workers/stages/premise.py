"""Pure: what a question is about and nothing that anyone may read speaks of. No model is asked.

A reply can be right in every word and still be no answer to somebody who asks for a thing that does not exist. Such a
thing has a name, and the name is what the library lacks; or the library has its words elsewhere, and no passage that
the reply rests on has any of them. Of English questions only: elsewhere it is no measure.
"""

import itertools
import re
from collections.abc import Callable, Collection, Iterable, Sequence

from kb.domain import Passage
from workers.domain import Reading
from workers.personal.word_lists import RARE, commonness
from workers.stages.vocabulary import word_set
from workers.stages.words import Token, sentences, tokens

Lacks = Callable[[str], Collection[str]]

_REQUEST = re.compile(r"(?i)\b(?:please|how (?:to|do|can)|(?:i|we)(?:['’]d)? (?:need|want|like|would like))\b")
_LONGEST_REQUEST = 25  # words; a longer one without a question mark is a story, told in the writer's own words
_OWNERS = word_set("my our her his their your whose someone's")
_MEMBERS = word_set("one two three four some many most all both each every several")
_BEFORE_VERBS = word_set(
    "i we you u they he she it people staff everyone everybody who to can could may might must shall should will would"
    " do does did let please don't cannot not that"
)
_BEFORE_ADJECTIVES = word_set("how much very too so more most less as")
_BEFORE_GERUNDS = word_set(
    "by for of from without before after while when is are am was were be been keep keeps stop stops start starts"
)
_ASKING = re.compile(
    r"(?i)\b(?:(?:how|where) (?:do|does|can|could|would|should) (?:(?:my|our|the|new|all) )?\w+|(?:can|could) (?:i|we)"
    r"|how to)\s+(\w[^?]*)"
)
_TO_PERSONS = word_set("let tell ask help make inform show teach have")  # what stands behind these is somebody
_ENDS_OBJECT = word_set(
    "in on at for to from by with of into after before over under without so when if as until while during and or per"
    " that who which because between off out up away back round"
    " it him her them me us you one this these those everybody everyone somebody someone"
)
_NO_THING = word_set(
    "today tomorrow yesterday tonight morning afternoon evening noon midnight weekend monday tuesday wednesday thursday"
    " friday saturday sunday january february march april may june july august september october november december"
    " christmas easter spring summer autumn winter min mins hrs"
    " yourself himself herself itself ourselves themselves anyone anybody anything everyone everybody everything"
    " someone somebody nobody anywhere everywhere somewhere thing things stuff"
    " delay suggestions advice hello hi hey thanks thank regards dear guys folks sir madam pls plz asap cant dont"
    " btw fyi meanwhile anyway however otherwise thx tbh"
)


def unknown_things(
    reading: Reading, used: Iterable[Passage], lacks: Lacks, known: Iterable[str] = ()
) -> tuple[str, ...]:
    """Return the words, as written, that name what is asked for, and that neither library nor passages have.

    `lacks` gives the words of a text that no public text of the library has; `known` are more that all the world knows,
    such as our own name. A name that only other texts have is reported too. What belongs to the requester's own world
    (people, days, what they do) is no thing to ask for.
    """
    if reading.language not in ("en", ""):
        return ()
    texts = (*known, *(line for passage in used for line in _lines(passage)))
    said = {token.root for text in texts for token in tokens(text)}
    found: dict[str, str] = {}
    for question in _questions(reading.asks):
        lacking = {word.lower() for word in lacks(question)}
        words = tokens(question)
        for place, token in enumerate(words):
            is_foreign = token.raw.lower() in lacking or (token.is_name and not question.isupper())
            if is_foreign and token.root not in said and _names_a_thing(words, place):
                found.setdefault(token.stem, token.raw)
        for token in _strange_object(question, said):
            found.setdefault(token.stem, token.raw)
    return tuple(word for word in found.values() if f"[{word}]" not in reading.vault)


def _lines(passage: Passage) -> Sequence[str]:
    return passage.title, *passage.heading, passage.text


def _questions(asks: Sequence[str]) -> Iterable[str]:
    for ask in asks:
        parts = sentences(ask)
        asking = [part for part in parts if part.rstrip(" \"'”’)").endswith("?")]
        if not asking and _REQUEST.search(ask) and len(ask.split()) <= _LONGEST_REQUEST:
            asking = parts
        yield from asking


def _strange_object(question: str, said: Collection[str]) -> Sequence[Token]:
    """Return what one asks how to put, sign or send, if no word of it stands in what the reply rests on."""
    match = _ASKING.search(question)
    verb, *words = tokens(match[1]) if match else (None,)
    if verb is None or verb.norm in _TO_PERSONS:
        return ()
    object_ = tuple(itertools.takewhile(lambda word: word.norm not in _ENDS_OBJECT, words))
    named = [word for word in object_ if word.is_content and not word.is_number]
    is_thing = not any(word.norm in _NO_THING or word.norm.endswith("ly") for word in named)
    is_strange = all(word.root not in said and commonness(word.norm) > RARE for word in named)
    return named if is_thing and is_strange else ()


def _names_a_thing(words: Sequence[Token], place: int) -> bool:
    """Say whether a word stands where the name of a thing does, and is none of the requester's own people or days."""
    token, before = words[place], words[place - 1].norm if place else ""
    if token.is_number or not token.is_content or not token.norm[0].isalpha():
        return False
    if token.norm in _NO_THING or token.norm.removesuffix("s") in _NO_THING:
        return False
    if token.is_name:
        return True
    if token.norm.endswith(("est", "ly")) or before in _BEFORE_VERBS | _BEFORE_ADJECTIVES:
        return False
    if token.norm.endswith("ing") and (not before or before in _BEFORE_GERUNDS):
        return False
    return not _is_own(words, place)


def _is_own(words: Sequence[Token], place: int) -> bool:
    """Say whether the words before make it the requester's own: "my new trainers", "one of the bakers"."""
    near = [word.norm for word in words[max(0, place - 3) : place]]
    return not _OWNERS.isdisjoint(near[-2:]) or (near[-2:] == ["of", "the"] and near[0] in _MEMBERS)
