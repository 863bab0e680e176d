"""Pure: does a sentence stand in these texts? Words, numbers, names and polarity are compared; no model is asked.

It finds faults that leave the wording nearly intact (a swapped name, a turned "not") as well as plain invention.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache

ENOUGH_COVERAGE = 0.6  # share of a sentence's content words that must stand in its best place of the evidence
ALIKE = 0.55  # from here on two sentences are worded so much alike that a difference between them means something
CLEARLY_ALIKE = 0.65  # from here on a name or number put for another is a finding
NEARLY_EQUAL = 0.75  # from here on one exchanged word is a finding

_TOKEN = re.compile(
    r"[^\W\d_]+-?\d[\w-]*|https?://[^\s<>\"'”)\]]+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+|\d+(?:[.,:]\d+)*(?:st|nd|rd|th)?|[^\W\d_]+(?:['’-][^\W\d_]+)*"
    r"|[^\W_]+"
)
_HAS_DIGIT = re.compile(r"\d").search
_BREAK = re.compile(r"(?:(?<=[.!?:])|(?<=[.!?][\"'”)\]]))\s+(?=[\"'“(\[]?[A-Z0-9])|\n+")
_ABBREVIATED = re.compile(r"(?i)\b(?:e\.g|i\.e|etc|vs|mr|ms|dr|approx|incl|a\.m|p\.m)\.$")
_CONTRACTIONS = (
    (re.compile(r"(?i)\bcan(?:no|['’])t\b"), "can not"),
    (re.compile(r"(?i)\bwon['’]t\b"), "will not"),
    (re.compile(r"(?i)\b(\w+)n['’]t\b"), r"\1 not"),
    (re.compile(r"(?i)\b(\w+)['’](ll|ve|re|d|m)\b"), r"\1 \2"),
)
_STOP_WORDS = """
    a about also am an and any are as at be been being but by did do does doing each else etc every few for from
    get gets
    had has have having he her here hi his how however i if in into is it its itself just like ll may me might more
    most
    much my of ok once one or other our own please re s same shall she should simply so some such than that the
    their them
    then there therefore these they this those though through thus to too under until upon us use used using ve
    very via
    was way we well were what when where whether which while who will with within would you your yours yourself d m t
    can could must need only both all possible always click press select choose make sure note"""
STOP = frozenset(_STOP_WORDS.split())
NEGATORS = frozenset({"not", "never", "no", "neither", "nor", "none", "without", "nobody", "nothing", "hardly"})
_NUMBER_WORDS = {
    word: str(number)
    for number, word in enumerate(
        ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"), 2
    )
}
_UNITS = """
    second minute hour day week month quarter year percent time user seat employee euro dollar pound usd eur gbp
    kb mb gb tb character page"""
_OPPOSITES = """
    enable/disable activate/deactivate on/off before/after above/below more/less more/fewer most/least always/never
    increase/decrease raise/lower higher/lower allow/prevent allow/block allow/forbid permit/forbid show/hide
    open/close
    add/remove add/delete keep/delete keep/remove save/discard check/uncheck tick/untick select/deselect
    upload/download
    send/receive import/export incoming/outgoing online/offline public/private manual/automatic manually/automatically
    first/last start/stop temporarily/permanently temporary/permanent left/right up/down minimum/maximum
    accept/decline
    accept/reject include/exclude install/uninstall subscribe/unsubscribe lock/unlock available/unavailable
    possible/impossible required/optional mandatory/optional true/false same/different earlier/later newer/older
    new/old with/without inside/outside success/failure succeed/fail free/paid monthly/yearly daily/weekly
    monthly/weekly
    upper/lower top/bottom input/output connect/disconnect encrypt/decrypt encrypted/unencrypted safe/unsafe
    secure/insecure visible/hidden visible/invisible read/unread mark/unmark mute/unmute long/short large/small
    larger/smaller many/few everyone/nobody can/must may/must local/remote recommend/discourage able/unable
    approve/reject expand/collapse pause/resume merge/split archive/restore backward/forward ascending/descending
    next/previous full/empty quick/slow fast/slow good/bad better/worse best/worst valid/invalid often/rarely
    usually/rarely often/seldom cannot/can begin/end sign-in/sign-out login/logout
    right-click/left-click right-click/double-click left-click/double-click automatically/hand automatic/hand"""
_SAME = """
    click/press click/select click/choose click/pick click/tap press/select press/choose press/pick press/tap
    press/hit
    select/choose select/pick choose/pick computer/pc computer/machine computer/device begin/start launch/start
    launch/open
    start/open window/dialog window/screen remove/delete erase/delete message/email message/mail email/mail
    email/e-mail
    show/display see/view also/too fix/repair fix/solve solve/resolve fix/resolve find/locate get/obtain get/receive
    choose/decide change/modify change/edit edit/modify adjust/change allow/let allow/permit allow/enable turn/switch
    tick/check untick/uncheck enter/type type/write enter/write big/large small/little quick/fast correct/right
    wrong/incorrect buy/purchase help/assist try/attempt need/require needed/required create/make make/build
    keep/retain
    stop/halt stop/end end/finish finish/complete before/prior after/following until/till wish/want go/navigate
    go/proceed option/choice option/setting preference/setting folder/directory copy/duplicate picture/image
    photo/image
    problem/issue error/problem fail/break page/site website/site web/website webpage/website user/person
    people/users several/many various/several often/frequently usually/normally usually/typically typically/normally
    automatically/itself currently/presently currently/now additional/extra additional/further more/additional
    ask/request
    use/utilise use/utilize employ/use close/exit close/quit exit/quit update/upgrade log/sign login/sign-in
    ensure/verify
    verify/check check/confirm confirm/verify contain/include contain/hold method/way approach/method approach/way
    cause/reason happen/occur appear/show appear/display area/section part/section button/icon symbol/icon
    program/application program/app
    app/application chosen/selected chosen/picked shown/displayed deleted/erased bill/invoice worker/employee
    staff/employee"""


@dataclass(frozen=True, slots=True)
class Token:
    raw: str
    norm: str  # lower case, number words as digits
    stem: str
    is_name: bool  # capitalised where a plain word would not be
    is_number: bool

    @property
    def is_content(self) -> bool:
        return self.norm not in STOP and self.norm not in NEGATORS and (len(self.norm) > 1 or self.is_number)


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence of the evidence, ready to be compared."""

    tokens: tuple[Token, ...]
    stems: frozenset[str]  # of its content words
    text: int  # which text it stands in


@dataclass(frozen=True, slots=True)
class Fault:
    code: str
    words: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """`coverage` is the share of content words met in the best place, 0..1; `best` is what was compared with."""

    coverage: float
    faults: tuple[Fault, ...] = ()

    @property
    def is_supported(self) -> bool:
        return self.coverage >= ENOUGH_COVERAGE and not self.faults


@lru_cache(maxsize=8192)
def stem(word: str) -> str:
    """Return a lower-case word without its commonest English endings; alike words meet, no more is promised."""
    for ending, rest in (("ies", "y"), ("sses", "ss"), ("ing", ""), ("ed", ""), ("es", ""), ("s", ""), ("ly", "")):
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith("ss"):
            word = word[: -len(ending)] + rest
            break
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "aeioulsz":
        word = word[:-1]
    return word.removesuffix("e") if len(word) > 3 else word


def _pairs(text: str) -> frozenset[tuple[str, str]]:
    """Return the pairs as stems, both ways round."""
    pairs = [pair.split("/") for pair in text.split()]
    return frozenset((stem(one), stem(other)) for pair in pairs for one, other in (pair, pair[::-1]))


OPPOSITES = _pairs(_OPPOSITES)
SAME = _pairs(_SAME)
# Capitalised or not, these name no particular thing; "May" in the middle of a sentence is a month.
NO_NAMES = (STOP | frozenset({"pc", "ok", "url", "id", "faq", "pdf"})) - {"may"}


def sentences(text: str) -> list[str]:
    """Split at sentence ends and line breaks; abbreviations do not end a sentence."""
    found: list[str] = []
    for part in _BREAK.split(text):
        if found and _ABBREVIATED.search(found[-1]):
            found[-1] += f" {part}"
        elif part.strip():
            found.append(part.strip())
    return found


def tokens(sentence: str) -> tuple[Token, ...]:
    """Cut a sentence into tokens; its first word counts as a name only if its look leaves no doubt."""
    for pattern, plain in _CONTRACTIONS:
        sentence = pattern.sub(plain, sentence)
    found: list[Token] = []
    for match in _TOKEN.finditer(sentence):
        raw = match[0]
        lower = raw.lower().replace("’", "'").removesuffix("'s")
        norm = _NUMBER_WORDS.get(lower, lower)
        is_number = norm[0].isdigit()
        if is_number:
            norm = number(norm)
        is_odd = raw[1:] != raw[1:].lower() or (raw[0].isalpha() and not raw.isalpha() and _HAS_DIGIT(raw) is not None)
        is_name = is_odd
        if not is_odd and raw[0].isupper() and found and raw != "I":
            is_name = not sentence[: match.start()].rstrip().endswith((":", ".", "!", "?", "•"))
        found.append(Token(raw, norm, stem(norm), is_name and not is_number, is_number))
    return tuple(found)


def number(text: str) -> str:
    """Return a number in one way of writing: no thousands separators, no ordinal ending, no trailing zeros of cents."""
    text = re.sub(r"(?<=\d)(?:st|nd|rd|th)$", "", text.lower())
    text = re.sub(r",(?=\d{3}\b)", "", text)
    return re.sub(r"[.,]00$", "", text)


class Evidence:
    """Some texts, cut and counted once, to hold sentences against."""

    def __init__(self, texts: Sequence[str], known_words: str = "") -> None:
        """`known_words` may be named (titles, the requester's own words) but support nothing by themselves."""
        self._lines = [
            Line(found, frozenset(token.stem for token in found if token.is_content), place)
            for place, text in enumerate(texts)
            for found in map(tokens, sentences(text))
        ]
        every = [token for line in self._lines for token in line.tokens]
        known = [token for line in sentences(known_words) for token in tokens(line)]
        self._norms = {token.norm for token in (*every, *known)}
        self._stems = {token.stem for token in (*every, *known)}
        self._measured = {pair for part in (every, known) for pair in _measures(part)}
        self._flat = " ".join(token.norm for token in (*every, *known))
        self._names = {token.stem for token in (*every, *known) if token.is_name}
        self._lower = {token.norm for token in every if token.raw.islower()}

    def knows(self, words: str) -> bool:
        """Say whether these words stand in the texts next to each other, in this order."""
        wanted = " ".join(token.norm for token in tokens(words))
        return bool(wanted) and f" {wanted} " in f" {self._flat} "

    def shares(self, sentence: str) -> float:
        """Return the share of the sentence's content words that stand anywhere in the texts."""
        stems = {token.stem for token in tokens(sentence) if token.is_content}
        return len(stems & self._stems) / len(stems) if stems else 1.0

    def judge(self, sentence: str) -> Verdict:
        """Compare a sentence with the place of the texts that fits it best."""
        said = tokens(sentence)
        faults = list(self._unknown(said))
        stems = frozenset(token.stem for token in said if token.is_content)
        place = self._best_place(stems, said)
        if place is None:
            return Verdict(0.0 if stems else 1.0, tuple(faults))
        coverage = self._coverage(stems, place)
        faults += self._differences(said, self._lines[place])
        return Verdict(coverage, tuple(_once(faults)))

    def unknown(self, sentence: str) -> list[Fault]:
        """Return the numbers and names of a sentence that stand nowhere: all that can be said of a courtesy."""
        return list(dict.fromkeys(self._unknown(tokens(sentence))))

    def _unknown(self, said: Sequence[Token]) -> Iterable[Fault]:
        for token in said:
            if token.is_number and token.norm not in self._norms:
                yield Fault("unsupported_number", token.raw)
            elif token.is_name and token.norm not in NO_NAMES and token.stem not in self._stems:
                yield Fault("unsupported_name", token.raw)
        for amount, unit in _measures(said):
            if amount in self._norms and (amount, unit) not in self._measured:
                yield Fault("unsupported_number", f"{amount} {unit}")

    def _best_place(self, stems: frozenset[str], said: Sequence[Token]) -> int | None:
        """Return the line that shares most; among nearly equal ones the one worded most alike."""
        if not self._lines:
            return None
        shared = [(len(stems & line.stems), -len(line.stems), number) for number, line in enumerate(self._lines)]
        top = sorted(shared, reverse=True)[:4]
        if top[0][0] == 0:
            return None
        close = [number for hits, _, number in top if hits >= 0.8 * top[0][0]]
        if len(close) == 1:
            return close[0]
        return max(close, key=lambda number: _alike(said, self._lines[number].tokens))

    def _coverage(self, stems: frozenset[str], place: int) -> float:
        """Return the share of words met around the best place and one more: a sentence may join two."""
        if not stems:
            return 1.0
        met = stems & self._near(place)
        more = max((len((stems - met) & line.stems) for line in self._lines), default=0)
        return (len(met) + (more if more >= 2 else 0)) / len(stems)

    def _near(self, place: int) -> frozenset[str]:
        text = self._lines[place].text
        around = self._lines[max(place - 1, 0) : place + 2]
        return frozenset().union(*(line.stems for line in around if line.text == text))

    def _differences(self, said: Sequence[Token], line: Line) -> Iterable[Fault]:
        """Yield what two sentences of much the same wording do not agree in."""
        theirs = _clause(said, line.tokens)
        matcher = SequenceMatcher(None, [t.stem for t in said], [t.stem for t in theirs], autojunk=False)
        likeness = matcher.ratio()
        if likeness < ALIKE:
            return
        ours_count, theirs_count = Counter(t.stem for t in said), Counter(t.stem for t in theirs)
        new = [token for token in said if ours_count[token.stem] > theirs_count[token.stem]]
        gone = [token for token in theirs if theirs_count[token.stem] > ours_count[token.stem]]
        if likeness >= CLEARLY_ALIKE:
            yield from self._swapped(new, gone)
        yield from (
            Fault("contradiction", one.raw) for one in new if any((one.stem, o.stem) in OPPOSITES for o in gone)
        )
        for kind, i1, i2, j1, j2 in matcher.get_opcodes():
            ours, others = said[i1:i2], theirs[j1:j2]
            if kind == "equal":
                continue
            is_turned = _negations(ours) % 2 != _negations(others) % 2
            if is_turned and self._is_inner(i1, i2, len(said), j1, j2, len(theirs)):
                yield Fault("contradiction", " ".join(t.raw for t in (ours or others)))
            elif kind == "replace" and likeness >= NEARLY_EQUAL and len(ours) == len(others) == 1:
                yield from _other_word(ours[0], others[0], new, gone)

    @staticmethod
    def _is_inner(i1: int, i2: int, ours: int, j1: int, j2: int, theirs: int) -> bool:
        """Say whether a difference stands between agreeing words, not in a clause one side simply leaves out."""
        is_edge_of_theirs = (j1 == 0 or j2 == theirs) and i1 == i2
        return not is_edge_of_theirs and (j2 - j1) <= 6 and (i2 - i1) <= 6 and not (i1 == 0 and i2 == ours)

    def _swapped(self, new: Sequence[Token], gone: Sequence[Token]) -> Iterable[Fault]:
        names = [
            token
            for token in new
            if token.norm not in NO_NAMES
            and (token.is_name or (token.raw[0].isupper() and token.norm not in self._lower))
            and not any(_is_same(token, other) for other in gone)
        ]
        if names and any(token.is_name or (token.raw[0].isupper() and token.stem in self._names) for token in gone):
            yield Fault("swapped_name", " ".join(token.raw for token in names))
        numbers = [token for token in new if token.is_number]
        if numbers and any(token.is_number for token in gone):
            yield Fault("unsupported_number", " ".join(token.raw for token in numbers))


def _once(faults: Iterable[Fault]) -> list[Fault]:
    """Return the faults without those that say of the same words once more, with less precision."""
    kept: list[Fault] = []
    for fault in faults:
        said = {word for other in kept for word in other.words.split()}
        if not set(fault.words.split()) <= said:
            kept.append(fault)
    return kept


def _is_same(one: Token, other: Token) -> bool:
    """Say whether two words are used for one thing: listed together, or of one family (configure, configuration)."""
    family = min(len(one.norm), len(other.norm), 5)
    return (one.stem, other.stem) in SAME or (family >= 4 and one.norm[:family] == other.norm[:family])


def _other_word(ours: Token, theirs: Token, new: Sequence[Token], gone: Sequence[Token]) -> Iterable[Fault]:
    """Yield a plain word that stands in another's place in otherwise equal sentences ("calendars" for "contacts")."""
    is_swap = ours in new and theirs in gone and ours.is_content and theirs.is_content
    if is_swap and not _is_same(ours, theirs):
        yield Fault("swapped_word", ours.raw)


def _measures(found: Sequence[Token]) -> Iterable[tuple[str, str]]:
    """Yield number and unit where they stand together ("5 business days" is 5 days)."""
    for place, token in enumerate(found):
        if not token.is_number:
            continue
        for follower in found[place + 1 : place + 3]:
            if follower.stem in _UNIT_STEMS:
                yield token.norm, follower.stem
                break


_UNIT_STEMS = frozenset(map(stem, _UNITS.split()))


def _negations(found: Sequence[Token]) -> int:
    return sum(token.norm in NEGATORS for token in found)


def _alike(one: Sequence[Token], other: Sequence[Token]) -> float:
    return SequenceMatcher(None, [t.stem for t in one], [t.stem for t in other], autojunk=False).ratio()


def _clause(said: Sequence[Token], theirs: tuple[Token, ...]) -> tuple[Token, ...]:
    """Return the stretch of a much longer evidence sentence that the sentence was taken from."""
    if len(theirs) <= len(said) * 1.5:
        return theirs
    matcher = SequenceMatcher(None, [t.stem for t in said], [t.stem for t in theirs], autojunk=False)
    blocks = [block for block in matcher.get_matching_blocks() if block.size >= 2]
    if not blocks:
        return theirs
    start = max(blocks[0].b - blocks[0].a, 0)
    end = min(blocks[-1].b + blocks[-1].size + (len(said) - blocks[-1].a - blocks[-1].size), len(theirs))
    return theirs[start:end]
