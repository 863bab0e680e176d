"""Pure: draft + passages -> Findings, by plain rules and no model. Nothing is repaired here, only named."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from config.policy import Policy
from kb.domain import Passage
from workers.domain import Block, Draft, Finding, Findings, Reading, Sentence
from workers.stages.evidence import Evidence
from workers.stages.links import links, without_links
from workers.stages.premise import Lacks, unknown_things
from workers.stages.unwanted import unwanted
from workers.stages.words import tokens

STEPS_FACTOR = 3  # a reply with steps may be so many times as long
SHARES_NOTHING = 0.2
_NEARLY_ALL = 0.8

_CAPITALS = r"[A-Z][\w'’-]*(?: [A-Z][\w'’-]*)*"
_PATH_STEP = re.compile(rf"([A-Z][\w'’-]*)[ \t*_]{{0,4}}(?:->|→|»|>|\\)(?=[ \t*_]{{0,4}}({_CAPITALS}))")
_QUOTED = re.compile(r"[\"“‘«]([^\"”’»\n]{2,60})[\"”’»]|\B'([^'\n]{2,60})'\B|\*\*(.{2,60}?)\*\*")
_COURTESY = re.compile(
    r"(?i)^(?:thank|thanks|sorry|i['’]?(?:m| am) sorry|we['’]?(?:re| are) sorry|apologies|please (?:let|reply|"
    r"write|feel|tell|"
    r"answer|send)|let (?:me|us) know|i hope|we hope|hope |happy to|glad |just reply|feel free|i understand|"
    r"i can see|that sounds|"
    r"great question|here (?:is|are) (?:how|what)|i (?:can(?:no|['’])t|could not|couldn['’]t|do not|don['’]t|"
    r"am not able|was not "
    r"able) |if (?:that|this|it|any|none|something|you)\b.{0,120}\b(?:reply|let (?:me|us) know|write (?:back|"
    r"to us)|get back to us|"
    r"tell (?:me|us)|contact us))"
)
# Anywhere in a sentence without citations: an invitation to write, unless it dangles something of value; a plain "no".
_INVITATION = re.compile(
    r"(?i)\b(?:reply|write back|let (?:me|us) know|get in touch|reach out|tell (?:me|us)|"
    r"any (?:other|further|more) questions)\b"
)
_VALUE = re.compile(r"(?i)\b(?:refund|discount|credit|free|compensat\w+|guarantee\w*|voucher|bonus|upgrade|price|cost)")
_NO_ANSWER = re.compile(
    r"(?i)\bi (?:can(?:no|['’])t|could(?:n['’]t| not)|am (?:not able|unable) to|do(?:n['’]t| not) (?:have|know))"
    r"(?: (?:answer|find|say|tell|confirm|see|help|look|any|enough|the)\b|$)"
)
_LEAD_IN_WORDS = 16
_FACTUAL = frozenset({"unsupported", "bad_citation", "uncited", "contradiction", "dropped_condition"})
_COMMITTING = frozenset({"promise", "claimed_action", "foreign_link"})


def check(
    draft: Draft,
    passages: Sequence[Passage],
    reading: Reading,
    policy: Policy,
    *,
    language_of: Callable[[str], str] | None = None,
    lacks: Lacks | None = None,
) -> Findings:
    """Name everything in the draft that does not stand in its cited passages or should not stand in a reply.

    `score` is the share of sentences that state something and are borne out, `grounding` how likely the weakest of them
    is to be called so by a person. A draft that states nothing scores 0, unless it escalates. Passages are named P1,
    P2... in the order given, as in the prompt. With `language_of`, which returns "" if unsure, the draft's language is
    held against the requester's too; with `lacks`, the words of a text that the library does not have, the questions
    are held against what is known.
    """
    named = {f"P{number}": passage for number, passage in enumerate(passages, 1)}
    own_words = _own_words(reading)
    evidence = _EvidenceShelf(named, own_words)
    findings: list[Finding] = []
    stated = borne_out = 0
    grounding = 1.0
    for place, sentence in enumerate(draft.sentences):
        is_code = sentence.block is Block.CODE
        supported, found = (
            _verbatim(sentence, named)
            if is_code
            else _grounds(sentence, evidence, draft.text, policy.thresholds.grounding)
        )
        found = [*_citations(sentence, named), *found]
        if is_code or not _is_courtesy(sentence, evidence.own):
            grounding = min(grounding, supported)
            stated += 1
            borne_out += not any(_is_factual(code) for code, _ in found)
        found += links(sentence.text, named, policy)
        if not is_code:
            cited = evidence.cited_text(sentence)
            found += unwanted(sentence.text, evidence.of(sentence.passages), cited, reading.vault)
        findings += [Finding(code, words, place) for code, words in dict.fromkeys(found)]
    findings += [*_disorder(draft, evidence), *_whole(draft, policy), *_said_before(draft, reading)]
    if language_of and reading.language and (language := language_of(_prose(draft))) not in ("", reading.language):
        findings.append(Finding("language", language))
    if not stated and not draft.escalate:
        findings.append(Finding("nothing_said", ""))
    score = borne_out / stated if stated else float(bool(draft.escalate))
    used = [named[one] for one in dict.fromkeys(p for s in draft.sentences for p in s.passages) if one in named]
    ours = (policy.answering.company, policy.answering.product)
    unknown = unknown_things(reading, used, lacks, ours) if lacks and used else ()
    return Findings(tuple(findings), score, grounding, unknown_things=unknown)


def _verbatim(sentence: Sentence, named: Mapping[str, Passage]) -> tuple[float, list[tuple[str, str]]]:
    """Return 0 and the first line of code that no cited passage has just so, else 1, blanks at the ends aside."""
    lines = {line.strip() for one in sentence.passages if one in named for line in named[one].text.splitlines()}
    whole = "\n".join(lines)
    for line in filter(None, map(str.strip, sentence.text.splitlines())):
        if line not in lines and f"`{line}`" not in whole:
            return 0.0, [("unsupported_code", line)]
    return 1.0, []


def _prose(draft: Draft) -> str:
    return "\n".join(sentence.text for sentence in draft.sentences if sentence.block is not Block.CODE)


def is_grounded(findings: Findings) -> bool:
    """Say whether all that was said stands in its sources and nothing is promised or claimed to be done."""
    return not any(_is_factual(one.code) or one.code in _COMMITTING for one in findings.findings)


def _is_factual(code: str) -> bool:
    return code in _FACTUAL or code.startswith(("unsupported", "swapped"))


class _EvidenceShelf:
    """Evidence per set of cited passages, made once each: most sentences of a draft cite the same ones."""

    def __init__(self, named: Mapping[str, Passage], own_words: str) -> None:
        self.named = named
        self.own_words = own_words
        self._made: dict[tuple[str, ...], Evidence] = {}
        self.own = Evidence([own_words])

    def of(self, ids: Iterable[str]) -> Evidence:
        key = tuple(sorted(one for one in ids if one in self.named))
        if key not in self._made:
            passages = [self.named[one] for one in key]
            titles = " \n".join(" \n".join((one.title, *one.heading, one.url)) for one in passages)
            texts = [f"{' '.join(one.heading[-1:])}\n{one.text}" for one in passages]
            self._made[key] = Evidence(texts, f"{titles}\n{self.own_words}")
        return self._made[key]

    def cited_text(self, sentence: Sentence) -> str:
        return "\n".join(self.named[one].text for one in sentence.passages if one in self.named)

    @property
    def all(self) -> Evidence:
        return self.of(self.named)


def _own_words(reading: Reading) -> str:
    said = [reading.subject, reading.full or reading.newest, reading.newest, *reading.attachments, *reading.asks]
    said += [turn.text for turn in reading.thread if turn.role in ("requester", "participant")]
    said += [enclosure.text for enclosure in reading.enclosures]
    said += reading.vault
    return "\n".join(dict.fromkeys(filter(None, said)))


def _is_courtesy(sentence: Sentence, own: Evidence) -> bool:
    """Say whether a sentence states nothing of its own: politeness, a question, a lead-in, the requester's words."""
    if sentence.passages:
        return False
    text = sentence.text.strip()
    if text.endswith("?") or _COURTESY.match(text) or _NO_ANSWER.search(text):
        return True
    if _INVITATION.search(text) and not _VALUE.search(text):
        return True
    if text.endswith(":") and len(text.split()) <= _LEAD_IN_WORDS:
        return True
    return own.shares(text) >= 1.0


def _citations(sentence: Sentence, named: Mapping[str, Passage]) -> Iterable[tuple[str, str]]:
    yield from (("bad_citation", one) for one in sentence.passages if one not in named)


def _grounds(
    sentence: Sentence, shelf: _EvidenceShelf, draft_text: str, threshold: float
) -> tuple[float, list[tuple[str, str]]]:
    """Return how well the sentence is supported, 0..1, and what it states without ground."""
    text = sentence.text
    known = [one for one in sentence.passages if one in shelf.named]
    cited = shelf.of(known) if known else shelf.all
    labels = list(_labels(text, cited))
    text = without_links(text)
    for _, words in labels:
        text = text.replace(words, " ")
    if _is_courtesy(sentence, shelf.own):
        return 1.0, labels + [(fault.code, fault.words) for fault in shelf.all.unknown(text)]
    verdict = cited.judge(text, f"{shelf.own_words} {draft_text.replace(sentence.text, ' ')}")
    found = labels + [(fault.code, fault.words) for fault in verdict.faults]
    if verdict.support < threshold:
        is_elsewhere = bool(known) and shelf.all.judge(text).support >= threshold
        found.append(("bad_citation", ", ".join(known)) if is_elsewhere else ("unsupported", sentence.text))
    elif not sentence.passages and not text.endswith(":"):
        found.append(("uncited", sentence.text))
    if len(known) > 1:
        found += [("bad_citation", one) for one in known if shelf.of([one]).shares(text) < SHARES_NOTHING]
    # A sentence with a fault is worth less than any without one, and the more it shares the less less.
    return verdict.support / 2 if found else verdict.support, found


def _disorder(draft: Draft, shelf: _EvidenceShelf) -> Iterable[Finding]:
    """Yield a numbered step that stands in its passage before the step that the draft puts before it."""
    last: tuple[tuple[str, ...], tuple[int, int]] | None = None
    for number, sentence in enumerate(draft.sentences):
        place = shelf.of(sentence.passages).place_of(sentence.text) if sentence.block is Block.STEP else None
        if place is None:
            continue
        if last and last[0] == sentence.passages and last[1][0] == place[0] and place[1] < last[1][1]:
            yield Finding("swapped_steps", sentence.text, number)
        last = sentence.passages, place


def _labels(text: str, evidence: Evidence) -> Iterable[tuple[str, str]]:
    """Yield quoted or bold words, and steps of a menu path, that do not stand in the evidence next to each other."""
    for match in _PATH_STEP.finditer(text):
        menu, entry = match.groups()
        if tokens(entry) and not (evidence.knows(entry) and evidence.leads(menu, entry)):
            yield "unsupported_label", entry
    for match in _QUOTED.finditer(text):
        words = next(filter(None, match.groups()))
        if tokens(words) and not evidence.knows(words):
            yield "unsupported_label", words


def _said_before(draft: Draft, reading: Reading) -> Iterable[Finding]:
    """Yield a finding if nearly all that the draft states stands in an earlier answer: it did not help then."""
    answers = [_plain(turn.text) for turn in reading.thread if turn.role in ("bot", "staff")]
    stated = [plain for sentence in draft.sentences if sentence.passages and (plain := _plain(sentence.text))]
    repeated = sum(any(one in answer for answer in answers) for one in stated)
    if stated and repeated >= _NEARLY_ALL * len(stated):
        yield Finding("said_before", "")


def _plain(text: str) -> str:
    return " ".join(token.norm for token in tokens(text))


def _whole(draft: Draft, policy: Policy) -> Iterable[Finding]:
    has_steps = any(sentence.block is Block.STEP for sentence in draft.sentences)
    limit = policy.limits.reply_words * (STEPS_FACTOR if has_steps else 1)
    if (words := len(draft.text.split())) > limit:
        yield Finding("too_long", f"{words} words")
    seen: set[str] = set()
    for place, sentence in enumerate(draft.sentences):
        plain = _plain(sentence.text)
        if plain and plain in seen and sentence.block is not Block.STEP:
            yield Finding("repeated", sentence.text, place)
        seen.add(plain)
