"""The simulated model: honest and simple. It reads the prompt it was sent and answers from the text in it, or says no.

It decides what it is asked by the JSON schema of the request, as a real model would, and knows nothing of the product.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from scripts.sandbox.model_judge import judge_reply
from scripts.sandbox.model_text import Piece, clean, is_dangling, is_order, pieces, sentences, spelt, terms, words_of
from scripts.sandbox.model_tools import fill

MAX_WORDS = 120
MAX_SENTENCES = 4
MAX_STEPS = 12
FOCUS = 0.9  # weight from which a word belongs to what is asked, not to the story around it
CODE_WEIGHT = 3.0
ENOUGH_SHARE = 0.32  # share of an ask's weight a piece must meet to count as an answer
_BY_PLACE = (1.0, 0.85, 0.7)  # passages come best first, and who ordered them saw more than shared words
_FEW_TERMS = 3  # an ask of fewer content words leans on what was said before it
ENOUGH_TWICE = 0.6  # the same where that piece answers another ask already
_ASKED_BEFORE = "Question"  # what stands under it in a solved ticket is what somebody asked, and answers nothing
_NAME = re.compile(r"(?<=[a-z,] )[A-Z][a-z]+(?:-\w+)+|(?<=[a-z,] )[A-Z][a-z]{2,}(?= [a-z])|“[^”]+”|\"[^\"]+\"")
_OWN_CASE = re.compile(r"(?i)(if|when|where|once|to|for|in|on|without|only|there)\b")
_AFTER_STEPS = "If something looks different on your side, just reply and describe what you see on your screen."
_AFTER_TEXT = "If that does not help, just reply with a few more details about what you see."


def answer_honestly(schema: dict[str, Any] | None, system: str, user: str) -> Any:
    """Return the value the schema asks for; plain text if it asks for none."""
    properties = (schema or {}).get("properties", {})
    if "sentences" in properties:
        return write_draft(user)
    if "faithfulness" in properties:
        return judge_reply(user, tagged)
    if "intent" in properties:
        return classify(system, user)
    if not schema:
        return "I am a simulated model and only answer questions about passages."
    least = smallest(schema, schema)
    return {**least, **fill(schema, user)} if isinstance(least, dict) else least


def smallest(schema: dict[str, Any], root: dict[str, Any]) -> Any:
    """Return the smallest value a schema accepts: what an honest model says about something it does not understand."""
    if "$ref" in schema:
        return smallest(root["$defs"][schema["$ref"].rsplit("/", 1)[-1]], root)
    if "enum" in schema:
        return schema["enum"][0]
    if "const" in schema:
        return schema["const"]
    for choice in schema.get("anyOf", ()):
        return smallest(choice, root)
    match schema.get("type"):
        case "object":
            return {name: smallest(part, root) for name, part in schema.get("properties", {}).items()}
        case "array":
            return [smallest(schema["items"], root)] * schema.get("minItems", 0)
        case "string":
            return ""
        case "integer" | "number":
            return 0
        case "boolean":
            return False
        case _:
            return None


def tagged(text: str, tag: str) -> str:
    """Return what stands inside the first `<tag>` that has a line of its own."""
    match = re.search(rf"^<{tag}(?: [^>\n]*)?>\n(.*?)\n</{tag}>", text, re.DOTALL | re.MULTILINE)
    return match[1] if match else ""


# --- drafting


@dataclass(frozen=True, slots=True)
class Source:
    id: str
    title: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    source: Source
    piece: Piece
    score: float
    share: float


def write_draft(user: str) -> dict[str, Any]:
    """Answer each ask with the part of a passage that fits it best; escalate if none does."""
    language = re.search(r"^Language to write in: (\w+)$", tagged(user, "facts"), re.MULTILINE)
    if language and len(language[1]) == 2 and language[1] != "en":
        return _escalated("The simulated model writes English only, and the requester wrote in another language.")
    sources = list(_sources(user))
    if not any(source.pieces for source in sources):
        return _escalated("There are no passages to answer from.")
    known = {
        word for source in sources for piece in source.pieces for word in words_of(f"{piece.heading} {piece.text}")
    }
    known |= {word for source in sources for word in words_of(source.title)}
    message = spelt(tagged(user, "message"), known)
    asks = [re.sub(r"^\d+\. ", "", line) for line in tagged(user, "asks").splitlines() if re.match(r"\d+\. ", line)]
    lines: list[dict[str, Any]] = []
    covered: list[int] = []
    taken: list[Piece] = []
    for number, ask in enumerate((spelt(ask, known) for ask in asks), 1):
        choice = _choose(ask, message, sources, is_only=len(asks) == 1)
        if choice is not None and (choice.piece not in taken or choice.share >= ENOUGH_TWICE):
            covered.append(number)
            taken.append(choice.piece)
            lines += [line for line in _quote(choice, ask, message, len(asks)) if line not in lines]
    if not lines:
        return _escalated("The passages do not answer what the requester asks.")
    if "not settle the matter" in tagged(user, "facts"):
        lines.insert(0, _line("I'm sorry that the earlier answer did not settle this."))
    if len(covered) < len(asks):
        lines.append(_line("I can't answer the other part of your message from here."))
    has_steps = any(line["block"] == "step" for line in lines)
    lines.append(_line(_AFTER_STEPS if has_steps else _AFTER_TEXT))
    return {"sentences": lines, "asks_covered": covered, "escalate": ""}


def _escalated(reason: str) -> dict[str, Any]:
    return {"sentences": [], "asks_covered": [], "escalate": reason}


def _line(text: str, passage: str = "", block: str = "paragraph") -> dict[str, Any]:
    return {"text": text, "passages": [passage] if passage else [], "block": block}


def _sources(user: str) -> Iterable[Source]:
    found = re.finditer(r'^<passage id="(P\d+)">\n(.*?)\n</passage>', user, re.DOTALL | re.MULTILINE)
    for match in found:
        head, _, body = match[2].partition("\n\n")
        fields = dict(line.split(": ", 1) for line in head.splitlines() if ": " in line)
        section = fields.get("Section", "")
        heading = section.rsplit(" > ", 1)[-1]
        said = (piece for piece in pieces(body, heading) if piece.heading != _ASKED_BEFORE)
        yield Source(match[1], f"{fields.get('Title', '')} {section}", tuple(said))


def _choose(ask: str, message: str, sources: list[Source], *, is_only: bool) -> Choice | None:
    """Return the piece that fits best of those that meet enough of the ask's weight.

    Words of the rest of the message count a little too: the ask alone is often only "How do I fix that?".
    """
    wanted = _wanted(ask, message, is_only=is_only)
    rows = [(place, source, piece) for place, source in enumerate(sources) for piece in source.pieces]
    spread = Counter(term for _, _, piece in rows for term in set(terms(f"{piece.heading} {piece.text}")))
    known = set(spread) | {term for source in sources for term in terms(source.title)}
    weights = {
        term: weight * (0.5 + math.log((len(rows) + 1) / (spread[term] + 0.5))) for term, weight in wanted.items()
    }
    # Words no passage has anything of are mostly chatter and count little, but for what is called by a name.
    named = {term for name in _NAME.findall(ask) for term in terms(name)}
    total = sum(
        (1.0 if term in known or term in named else 0.3) * weights[term] for term in wanted if wanted[term] >= FOCUS
    )
    is_how = re.search(r"(?i)\b(how|where|can i|could i|set up|steps|want to|need to|trying to|unable to)\b", ask)
    best: Choice | None = None
    for place, source, piece in rows:
        body, heading, title = set(terms(piece.text)), set(terms(piece.heading)), set(terms(source.title))
        met = dict.fromkeys(title, 0.5) | dict.fromkeys(body, 1.0) | dict.fromkeys(heading, 1.2)
        hits = {term: weights[term] * met[term] for term in weights.keys() & met.keys()}
        found = hits.keys() & (body | heading)
        if len(found) < min(2, len(weights)) and not any(map(_is_code, found)):
            continue
        share = sum(hit for term, hit in hits.items() if wanted[term] >= FOCUS) / total if total else 0.0
        score = sum(hits.values()) / (1 + 0.12 * math.log(max(piece.words, 15)))
        score *= _BY_PLACE[min(place, len(_BY_PLACE) - 1)]
        score *= 1.4 if is_how and piece.kind == "step" else 1.0
        score *= 0.75 if piece.kind != "paragraph" and not piece.lead and piece is source.pieces[0] else 1.0
        if share >= ENOUGH_SHARE and (best is None or score > best.score):
            best = Choice(source, piece, score, share)
    return best


def _wanted(ask: str, message: str, *, is_only: bool) -> dict[str, float]:
    """Return how much each word is asked for: most in the ask, then in the subject, least elsewhere in the message."""
    subject, _, body = message.partition("\n\n") if message.startswith("Subject: ") else ("", "", message)
    if "message above" in ask:
        every = sentences(clean(body))
        ask = " ".join([one for one in every if one.endswith("?")] or every[:2])
    elif is_only and len(set(terms(ask))) < _FEW_TERMS and not _NAME.search(ask):
        ask = f"{_before(ask, body)} {ask}"
    subject = subject.removeprefix("Subject: ")
    shares = ((message, 0.3), (subject, 0.9), (ask, 1.0)) if is_only else ((message, 0.1), (ask, 1.0))
    # A code names one thing; the words around it are the same in every ticket.
    return {
        term: CODE_WEIGHT * max(weight, FOCUS) if _is_code(term) else weight
        for text, weight in shares
        for term in terms(text)
    }


def _before(ask: str, body: str) -> str:
    """Return the two sentences before an ask: "Does it have to be the same?" asks about these."""
    every = sentences(clean(body))
    place = next((number for number, one in enumerate(every) if one in ask or ask in one), 0)
    return " ".join(every[max(0, place - 2) : place])


def _is_code(term: str) -> bool:
    return bool(re.search(r"[a-z].*\d", term))


def _quote(choice: Choice, ask: str, message: str, asks: int) -> list[dict[str, Any]]:
    """Return the sentences to quote: a list whole with its lead-in, of a paragraph the part that fits."""
    piece, name = choice.piece, choice.source.id
    if piece.kind == "paragraph":
        chosen = _window(piece, set(terms(ask)) | set(terms(message)), MAX_WORDS // asks)
        lines = [_line(text, name) for text in chosen]
        before = _neighbour(choice, -1)
        # What is said after steps is about having done them, unless it names a case of its own.
        if before is not None and before.kind == "step" and not _OWN_CASE.match(chosen[0]):
            return [*_quote(replace(choice, piece=before), ask, message, asks), *lines]
        return lines + _following_steps(choice, name)
    if len(piece.lines) == 1 and not piece.lead:
        return [_line(text, name) for text in sentences(piece.lines[0])]
    lead = _line(piece.lead, name) if piece.lead else _own_lead(piece, name)
    opening = _opening(choice, name, MAX_WORDS - piece.words)
    return [*opening, lead, *(_line(text, name, piece.kind) for text in piece.lines[:MAX_STEPS])]


def _own_lead(piece: Piece, name: str) -> dict[str, Any]:
    """Return a sentence to lead in a list that has none, made of its heading where that reads well."""
    plain = piece.heading.rstrip(".!:")
    if match := re.match(r"(?i)how (?:do i|can i|to) ([^?]+)\??$", plain):
        return _line(f"Here is how to {match[1]}:", name)
    if is_order(plain) and len(plain.split()) > 1 and "?" not in plain:
        return _line(f"To {plain[0].lower()}{plain[1:]}:", name)
    return _line("Here is what to do:" if piece.kind == "step" else "Here is what applies:")


def _neighbour(choice: Choice, offset: int) -> Piece | None:
    every = choice.source.pieces
    place = next(number for number, piece in enumerate(every) if piece is choice.piece) + offset
    if not 0 <= place < len(every) or every[place].heading != choice.piece.heading:
        return None
    return every[place]


def _following_steps(choice: Choice, name: str) -> list[dict[str, Any]]:
    """Return the steps that follow a quoted paragraph under its heading: an answer without them stops half-way."""
    after = _neighbour(choice, 1)
    if after is None or after.kind != "step" or not after.lead:
        return []
    return [_line(after.lead, name), *(_line(text, name, "step") for text in after.lines[:MAX_STEPS])]


def _opening(choice: Choice, name: str, words_left: int) -> list[dict[str, Any]]:
    """Return the sentence before a list under the same heading, if it is short and about the same."""
    before = _neighbour(choice, -1)
    if before is None or before.kind != "paragraph" or choice.piece.lead:
        return []
    text = before.lines[-1]
    return [_line(text, name)] if len(text.split()) <= min(words_left, 30) and not is_dangling(text) else []


def _window(piece: Piece, wanted: set[str], max_words: int) -> list[str]:
    """Return 1 to 4 neighbouring sentences with most of the wanted words, not beginning with a dangling pronoun."""
    lines = piece.lines
    gains = [len(wanted & set(terms(line))) / math.sqrt(len(line.split()) + 4) for line in lines]
    best, best_gain = (0, 1), -1.0
    for start in range(len(lines)):
        if start and is_dangling(lines[start]):
            continue
        for end in range(min(start + 2, len(lines)), min(start + MAX_SENTENCES, len(lines)) + 1):
            if end - start > 2 and sum(len(line.split()) for line in lines[start:end]) > max_words:
                break
            gain = sum(gains[start:end]) - 0.1 * (end - start) - (0.3 if is_dangling(lines[start]) else 0.0)
            if gain > best_gain:
                best, best_gain = (start, end), gain
    return list(lines[slice(*best)])


# --- classifying

_CRITICAL = re.compile(
    r"(?i)\b(data breach|hacked|leak(ed|ing)?|suicid|everyone is locked out|nobody can work|outage)\b"
)
_HIGH = re.compile(
    r"(?i)\b(urgent|asap|immediately|right away|deadline|today|tonight|payday|can'?t work|blocked|emergency)\b"
)
_LOW = re.compile(
    r"(?i)\b(no rush|no hurry|when you have time|just curious|just wondering|suggestion|feature request)\b"
)
_FRUSTRATED = re.compile(
    r"(?i)\b(ridiculous|unacceptable|useless|furious|angry|fed up|worst|terrible|joke|sick of|still (not|no|broken|"
    r"waiting)|third time|again and again|cancel everything|waste of)\b|!!"
)
_UNHAPPY = re.compile(r"(?i)\b(disappoint\w*|annoy\w*|frustrat\w*|unhappy|unfortunately|not happy|confus\w*|upset)\b")
_PERSON = re.compile(
    r"(?i)\b(speak|talk|chat|connect me|get me|want|need|call)\b[^.?!]{0,30}\b(human|person|agent|manager|someone real|"
    r"representative|supervisor)\b|\b(call me|phone me|real person|not a bot)\b"
)
_ACTION = re.compile(
    r"(?i)\b(refund|cancel my|unlock|please (change|update|delete|remove|reset|cancel|add)|charged twice|status of my|"
    r"my (order|invoice|payment|refund))\b"
)
_GREETING = re.compile(
    r"(?i)^(?:(?:hi|hello|hey|good (?:day|morning|afternoon|evening)|dear \w+)(?: (?:there|all|team|support|tidemark|"
    r"thunderbird|everyone))*(?:[,!.:]+ |\s+(?=[A-Z])))+"
)
ENOUGH_MATCH = 0.30


def classify(system: str, user: str) -> dict[str, Any]:
    """Choose the intent whose description and examples share most with the message; "none" if that is little."""
    message = tagged(user, "message")
    listed = _intents(tagged(system, "intents"))
    for name, shown in _intents(tagged(user, "examples")).items():
        if name in listed:
            listed[name] += f" {shown}"
    scores = _intent_scores(message, listed, tagged(user, "candidates"))
    ranked = sorted(scores, key=lambda name: -scores[name])
    best = ranked[0] if ranked else ""
    is_match = bool(best) and scores[best] >= ENOUGH_MATCH
    others = [name for name in ranked[1:3] if scores[name] >= max(ENOUGH_MATCH * 1.6, 0.85 * scores[best])]
    common = set(terms(message)) & set(terms(listed.get(best, "")))
    urgency = next(
        (name for name, sign in (("critical", _CRITICAL), ("high", _HIGH), ("low", _LOW)) if sign.search(message)),
        "normal",
    )
    return {
        "reasoning": f"Shared words: {', '.join(sorted(common)[:6])}." if common else "No intent shares enough words.",
        "intent": best if is_match else "none",
        "second_intents": others if is_match else [],
        "confidence": round(_confidence([scores[name] for name in ranked[:2]], is_match=is_match), 2),
        "urgency": urgency,
        "sentiment": (
            "frustrated" if _FRUSTRATED.search(message) else "unhappy" if _UNHAPPY.search(message) else "calm"
        ),
        "needs_action": bool(_ACTION.search(message)),
        "wants_person": bool(_PERSON.search(message)),
        "summary": _summary(message),
    }


def _intents(text: str) -> dict[str, str]:
    return dict(re.findall(r"^- ([\w.-]+): (.*)$", text, re.MULTILINE))


def _intent_scores(message: str, listed: dict[str, str], candidates: str) -> dict[str, float]:
    """Return per intent the weighted share of the message's words it has, helped by the first classifier's belief."""
    believed = {
        name: float(chance) for name, chance in re.findall(r"^([\w.-]+): ([01]\.\d+)$", candidates, re.MULTILINE)
    }
    words = {name: set(terms(f"{name.replace('_', ' ')} {text}")) for name, text in listed.items()}
    spread = Counter(term for every in words.values() for term in every)
    asked = set(terms(message))
    weights = {term: math.log(1 + len(words) / spread[term]) if spread[term] else 0.9 for term in asked}
    total = max(sum(sorted(weights.values(), reverse=True)[:8]), 1e-9)
    scores = {}
    for name, every in words.items():
        shared = asked & every
        # One shared word is chance, unless the message has hardly more.
        trust = 0.6 if len(shared) == 1 and len(asked) > 2 else 1.0
        scores[name] = trust * sum(weights[term] for term in shared) / total + 0.8 * believed.get(name, 0.0)
    return scores


def _confidence(best_two: list[float], *, is_match: bool) -> float:
    """Return how sure: the better the match and the wider the lead, the surer. Shared words alone never mean much."""
    if not best_two or not is_match:
        return 0.5
    best, second = best_two[0], best_two[1] if len(best_two) > 1 else 0.0
    lead = min(best - second, 0.4) * min(best / 0.8, 1.0)
    return min(0.95, 0.2 + 0.3 * min(best, 1.0) + 0.9 * lead)


def _summary(message: str) -> str:
    subject, _, body = message.partition("\n\n") if message.startswith("Subject: ") else ("", "", message)
    body = _GREETING.sub("", clean(body))
    every = [one for one in sentences(body) if len(one.split()) > 3]
    every = every or [clean(subject.removeprefix("Subject: ")) or body]
    words = f"{every[0][:1].upper()}{every[0][1:]}".split()
    return " ".join(words[:20]) + ("..." if len(words) > 20 else "")
