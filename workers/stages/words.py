"""Pure: English text as tokens, and what words are to each other: forms, opposites, two names of one thing."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

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
    can could must need only both all possible always actually really basically indeed yes
    click press select choose make sure note"""
STOP = frozenset(_STOP_WORDS.split())
NEGATORS = frozenset({"not", "never", "no", "neither", "nor", "none", "without", "nobody", "nothing", "hardly"})
_COUNTED = """
    two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen
    nineteen twenty"""
_NUMBER_WORDS = {word: str(number) for number, word in enumerate(_COUNTED.split(), 2)} | {
    "thirty": "30",
    "forty": "40",
    "fifty": "50",
    "sixty": "60",
    "seventy": "70",
    "eighty": "80",
    "ninety": "90",
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
    usually/rarely often/seldom unable/can begin/end sign-in/sign-out login/logout
    right-click/left-click right-click/double-click left-click/double-click automatically/hand automatic/hand"""
# Each line begins with the word that stands for the others when two sentences are laid side by side.
_SAME = """
    click press choose select pick tap hit
    go navigate head proceed move
    open launch start begin run
    close exit quit
    stop end finish halt cease
    finish complete
    delete remove erase
    message email mail e-mail
    show display see view
    appear show display pop
    fix repair solve resolve correct remedy
    find locate discover
    get obtain receive
    have own possess
    decide choose determine
    change modify edit adjust alter amend
    allow let permit enable
    turn switch
    tick check
    untick uncheck
    enter type write insert
    big large huge
    small little tiny
    quick fast rapid swift
    correct right
    wrong incorrect
    buy purchase
    help assist support
    try attempt
    need require
    create make build produce
    generate create produce
    keep retain preserve
    before prior
    after following
    until till
    want wish intend aim like desire
    aim strive try
    option choice setting
    setting preference option configuration
    folder directory
    copy duplicate
    picture image photo
    problem issue error trouble difficulty
    fail break crash
    page site website web webpage
    person user individual human
    customer client consumer buyer shopper
    requester customer user
    several many various multiple numerous
    kind type sort
    often frequently commonly
    usually normally typically generally
    currently now presently
    recently lately
    also too additionally
    additional extra further more another
    important significant essential crucial
    well-known famous
    ask request
    answer reply respond
    use utilise utilize employ
    update upgrade
    log sign
    login sign-in
    ensure verify check confirm
    contain include hold
    method way approach means
    cause reason
    cause result lead
    happen occur
    area section part region
    button icon symbol
    program application app software
    chosen selected picked
    bill invoice
    worker employee staff
    company firm business organisation organization
    computer pc machine device
    phone mobile smartphone
    window dialog screen
    maybe perhaps possibly
    about around approximately roughly
    about regarding concerning
    almost nearly
    whole entire full
    main primary chief
    different distinct separate
    same identical equal
    immediately instantly straightaway
    again anew
    wait hold
    send deliver transmit
    ship deliver send dispatch
    order purchase
    call phone ring
    tell inform notify
    talk speak
    explain describe
    learn know
    think believe
    study research
    movie film
    car automobile vehicle
    house home
    job work
    money cash
    price cost fee charge
    refund reimburse reimbursement
    return reimbursement refund
    approve accept
    reject refuse decline deny
    increase raise grow rise
    decrease reduce lower drop
    begin commence
    attach append
    store save keep
    address location
    list catalog
    schedule rota roster timetable
    holiday vacation
    team group department
    manager supervisor
    country nation
    child kid
    beautiful pretty
    great excellent
    popular beloved
    consider regard view
    develop evolve
    adult grown-up
    instant moment
    mode modus
    e.g example instance
    usa us america american
    uk britain
    automatically itself"""
_IRREGULAR_FORMS = """
    sent/send went/go gone/go chosen/choose chose/choose written/write wrote/write taken/take took/take
    given/give gave/give made/make found/find kept/keep left/leave lost/lose paid/pay said/say seen/see saw/see
    shown/show began/begin begun/begin broken/break broke/break bought/buy brought/bring built/build got/get
    gotten/get held/hold knew/know known/know led/lead met/meet ran/run running/run sold/sell spent/spend
    spoke/speak spoken/speak stood/stand thought/think told/tell understood/understand won/win
    withdrawn/withdraw hidden/hide hid/hide forgot/forget forgotten/forget frozen/freeze became/become
    children/child people/person men/man women/woman grew/grow grown/grow drawn/draw drew/draw flew/fly
    flown/fly fell/fall fallen/fall felt/feel heard/hear sang/sing sung/sing born/bear wore/wear
    worn/wear taught/teach caught/catch came/come settings/setting
    does/do did/do done/do cancelled/cancel cancelling/cancel dying/die lying/lie tying/tie"""
_IRREGULAR = dict(pair.split("/") for pair in _IRREGULAR_FORMS.split())


def word_set(text: str) -> frozenset[str]:
    return frozenset(text.split())


@dataclass(frozen=True, slots=True)
class Token:
    raw: str
    norm: str  # lower case, number words as digits
    stem: str
    is_name: bool  # capitalised where a plain word would not be
    is_number: bool

    @property
    def root(self) -> str:
        """What this word has in common with others that name the same thing."""
        return _ROOTS.get(self.stem, self.stem)

    @property
    def is_content(self) -> bool:
        return self.norm not in STOP and self.norm not in NEGATORS and (len(self.norm) > 1 or self.is_number)


@lru_cache(maxsize=8192)
def stem(word: str) -> str:
    """Return a lower-case word without its commonest English endings; alike words meet, no more is promised."""
    if word in _IRREGULAR:
        return stem(_IRREGULAR[word])
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
_UNIT_STEMS = frozenset(map(stem, _UNITS.split()))
_GROUPS = tuple(tuple(map(stem, line.split())) for line in _SAME.strip().splitlines())
_SAME_PAIRS = frozenset((one, other) for group in _GROUPS for one in group for other in group)
_ROOTS = {word: group[0] for group in reversed(_GROUPS) for word in group}
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


@lru_cache(maxsize=8192)  # the same articles ground many a draft
def tokens(sentence: str) -> tuple[Token, ...]:
    """Cut a sentence into tokens; its first word counts as a name only if its look leaves no doubt."""
    if "'" in sentence or "’" in sentence or "annot" in sentence:
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


def measures(found: Sequence[Token]) -> Iterable[tuple[str, str]]:
    """Yield number and unit where they stand together ("5 business days" is 5 days)."""
    for place, token in enumerate(found):
        if not token.is_number:
            continue
        for follower in found[place + 1 : place + 3]:
            if follower.stem in _UNIT_STEMS:
                yield token.norm, follower.stem
                break


def is_same(one: Token, other: Token) -> bool:
    """Say whether two words are used for one thing: listed together, or of one family (configure, configuration)."""
    family = min(len(one.norm), len(other.norm), 5)
    return (one.stem, other.stem) in _SAME_PAIRS or (family >= 4 and one.norm[:family] == other.norm[:family])


_CONDITION_FIRST = re.compile(
    r"(?i)(?:if|when|whenever|once|unless|until|after|before|to|as soon as|in case)\b[^,;:]{6,160},"
)


def condition_last(sentence: str, found: tuple[Token, ...]) -> tuple[Token, ...]:
    """Return a sentence's tokens with the condition or purpose it begins with put behind: "If A, B" is "B if A"."""
    match = _CONDITION_FIRST.match(sentence)
    if match is None:
        return found
    cut = len(tokens(match[0]))
    head, rest = found[:cut], found[cut:]
    if len(rest) < 2:
        return found
    return (rest[1:] if rest[0].norm == "then" else rest) + head


def negations(found: Iterable[Token]) -> int:
    return sum(token.norm in NEGATORS for token in found)
