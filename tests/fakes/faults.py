"""Sentences of an article restated by rule, and the same with one small fault of a named kind.

What is exchanged is listed here on its own: nothing is shared with the word lists of the checks that are measured.
"""

import random
import re
from collections.abc import Callable, Iterator, Sequence

Rows = Iterator[dict[str, str]]

_RESTATE = (
    (r"\bclick\b", "press"), (r"\bClick\b", "Press"), (r"\bchoose\b", "pick"), (r"\bselect\b", "choose"),
    (r"\bwill be\b", "is going to be"), (r"\bcannot\b", "can't"), (r"\bdo not\b", "don't"), (r"\bis not\b", "isn't"),
    (r"\bfor example\b", "for instance"), (r"\bif you want to\b", "to"), (r"\bsee\b", "view"),
    (r"\bimmediately\b", "right away"), (r"\bget\b", "receive"), (r"\bneed to\b", "have to"), (r"\bmust\b", "have to"),
    (r"\bcustomer\b", "client"), (r"\bpeople\b", "persons"), (r"\bprogram\b", "application"),
    (r"\bThen\b", "After that,"),
    (r"\bchange\b", "modify"), (r"\bbegin\b", "start"), (r"\bmessages\b", "emails"), (r"\bapp\b", "application"),
    (r"\bOpen\b", "Go to"), (r"\bfrom\b", "out of"), (r"\bWrite to\b", "Send a mail to"), (r"\bwithin\b", "in"),
)  # fmt: skip
_TURN = (
    ("enable", "disable"), ("enabled", "disabled"), ("before", "after"), ("always", "never"), ("more", "less"),
    ("on", "off"), ("add", "remove"), ("first", "last"), ("show", "hide"), ("above", "below"), ("allow", "forbid"),
    ("import", "export"), ("incoming", "outgoing"), ("include", "exclude"), ("open", "close"), ("all", "none"),
    ("everyone", "nobody"), ("with", "without"), ("possible", "impossible"), ("automatically", "manually"),
    ("valid", "invalid"), ("approved", "rejected"), ("older", "newer"), ("at least", "at most"), ("yearly", "monthly"),
    ("public", "private"), ("upper", "lower"), ("lock", "unlock"), ("locked", "unlocked"), ("start", "end"),
)  # fmt: skip
_AUXILIARY = r"\b(can|is|are|will|must|should|does|do|has|have|may|was)\b(?! not\b|n['’]t)"
_PROMISES = (
    "We will refund the full amount within two days.", "Our team will call you back tomorrow morning.",
    "I'll make sure this gets fixed for you today.", "A specialist is going to contact you shortly.",
    "You will receive a credit on your next invoice.", "We guarantee that this will not happen again.",
    "Someone from billing will get back to you within the hour.", "We'll extend your trial by a month as a courtesy.",
    "Our engineers are going to repair it over the weekend.", "I will personally follow up with the developers.",
)  # fmt: skip
_CLAIMS = (
    "I have reset your password.", "I've refunded the last invoice.", "We have already escalated this to engineering.",
    "Your account has been unlocked.", "I just resent the confirmation e-mail.", "Your subscription was cancelled.",
    "I went ahead and enabled the feature for you.", "We've updated your billing address.",
    "I have checked your account and everything is in order.", "Your ticket has been forwarded to the billing team.",
)  # fmt: skip
_UNITS = ("second", "minute", "hour", "day", "week", "month", "year")
_MONTHS = ("January", "February", "March", "April", "June", "July", "August", "September", "October", "November")
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_LABEL = re.compile(r"\*\*(.+?)\*\*|[\"“]([A-Z][^\"”\n]{1,40})[\"”]|\[([A-Z][^\]\n]{1,30})\](?!\()")
_NAME = re.compile(r"(?<=[a-z,] )[A-Z][A-Za-z]+(?: [A-Z][A-Za-z]+)?\b")
_LINK = re.compile(r"https?://[^\s)>\]]+")
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_CODE = re.compile(r"\b[A-Z]{2,6}-?\d{2,6}\b|\b0x[0-9A-Fa-f]{4,}\b")
_VERSION = re.compile(r"\b\d+\.\d+(?:\.\d+)*\b")
_AMOUNT = re.compile(r"([$€£])(\d+)|\b(\d+) ?(dollars?|euros?|EUR|USD|%|percent)(?!\w)")
_DURATION = re.compile(
    rf"\b(\d+|one|two|three|four|five|six|seven|ten) ((?:business |working )?)({'|'.join(_UNITS)})(s?)\b"
)
_DATE = re.compile(rf"\b({'|'.join((*_MONTHS, *_DAYS))})\b")
_NUMBER = re.compile(
    r"(?<![\w.,:/$€£-])\d{1,4}(?![\w.,:/%-]|\s?(?:%|percent|second|minute|hour|day|week|month|year|dollar|euro))"
)


def sentences_of(text: str) -> list[str]:
    """Return the full sentences of an article: no headings, tables or link lists."""
    lines = (re.sub(r"^(?:\d+\.|[-*])\s+", "", line.strip()) for line in text.splitlines())
    parts = [part for line in lines if not line.startswith(("#", "|", "!")) for part in _split(line)]
    return [part for part in parts if 6 <= len(part.split()) <= 45 and part[0].isupper() and part[-1] in ".!"]


def _split(line: str) -> list[str]:
    return [part.strip() for part in re.split(r"(?<=[.!?])\s+(?=[A-Z\"“*])", line)]


def _bare(sentence: str) -> str:
    return sentence.replace("**", "").replace("`", "")


def restated(sentence: str, dice: random.Random) -> str:
    """Return the sentence in other words, by rules that leave its meaning."""
    for pattern, instead in dice.sample(_RESTATE, len(_RESTATE))[:14]:
        sentence = re.sub(pattern, instead, sentence, count=1)
    if match := re.fullmatch(r"(If|When|Once) ([^,]{8,80}), (.{10,})\.", sentence):
        clause = match[3]
        return f"{clause[0].upper()}{clause[1:]} {match[1].lower()} {match[2]}."
    if match := re.fullmatch(r"To ([^,]{8,60}), (.{10,})\.", sentence):
        return f"{match[2][0].upper()}{match[2][1:]} to {match[1]}."
    return sentence


def _exchange(pattern: re.Pattern[str], instead: Callable[[re.Match[str]], str | None], text: str) -> str | None:
    for match in pattern.finditer(text):
        other = instead(match)
        if other and other != match[0]:
            return text[: match.start()] + other + text[match.end() :]
    return None


def _labels(text: str) -> list[str]:
    return sorted({next(filter(None, match.groups())) for match in _LABEL.finditer(text)})


class Faults:
    """Makes faulty sentences of one article; `others` are further articles, to take names and labels from."""

    def __init__(self, text: str, others: Sequence[str], dice: random.Random) -> None:
        self.text, self.dice = text, dice
        self.labels = sorted({next(filter(None, m.groups())) for m in _LABEL.finditer(text)})
        elsewhere = "\n".join(others)
        self.foreign_labels = sorted(
            {next(filter(None, m.groups())) for m in _LABEL.finditer(elsewhere)} - set(self.labels)
        )
        self.names = sorted({m[0] for m in _NAME.finditer(text)})
        self.foreign_names = sorted({m[0] for m in _NAME.finditer(elsewhere)} - set(self.names))

    def of(self, sentence: str) -> Iterator[tuple[str, str]]:
        """Yield (kind, faulty sentence) for every fault this sentence can have."""
        for kind in (
            "number", "amount", "date", "duration", "version", "link", "email", "code", "name", "label",
            "own_label", "own_name", "negation", "opposite", "condition", "promise", "claim",
        ):  # fmt: skip
            faulty = getattr(self, f"_{kind}")(sentence)
            if faulty and _bare(faulty).lower() not in _bare(self.text).lower():
                yield kind, faulty

    def _other(self, value: str) -> str:
        return str(max(int(value) + self.dice.choice((-3, -1, 1, 2, 5, 10, 20)), 0) if value.isdigit() else 9)

    def _number(self, s: str) -> str | None:
        return _exchange(_NUMBER, lambda m: self._other(m[0]), s)

    def _amount(self, s: str) -> str | None:
        return _exchange(_AMOUNT, lambda m: f"{m[1]}{self._other(m[2])}" if m[1] else f"{self._other(m[3])} {m[4]}", s)

    def _date(self, s: str) -> str | None:
        return _exchange(_DATE, lambda m: self.dice.choice(_MONTHS if m[0] in _MONTHS else _DAYS), s)

    def _duration(self, s: str) -> str | None:
        if self.dice.random() < 0.5:
            return _exchange(_DURATION, lambda m: f"{m[1]} {m[2]}{self.dice.choice(_UNITS)}{m[4]}", s)
        return _exchange(_DURATION, lambda m: f"{self._other(m[1])} {m[2]}{m[3]}s", s)

    def _version(self, s: str) -> str | None:
        return _exchange(_VERSION, lambda m: m[0][:-1] + str((int(m[0][-1]) + self.dice.randint(1, 8)) % 10), s)

    def _link(self, s: str) -> str | None:
        return _exchange(_LINK, lambda m: re.sub(r"(?<=://)(?:www\.)?\w+", "support-help", m[0]), s)

    def _email(self, s: str) -> str | None:
        return _exchange(_EMAIL, lambda m: "service@" + m[0].split("@")[1], s)

    def _code(self, s: str) -> str | None:
        return _exchange(_CODE, lambda m: m[0][:-1] + str((int(m[0][-1], 16) + 3) % 10), s)

    def _name(self, s: str) -> str | None:
        return _exchange(_NAME, lambda _: self._pick(self.foreign_names), s)

    def _own_name(self, s: str) -> str | None:
        return _exchange(_NAME, lambda m: self._pick([n for n in self.names if n != m[0] and n not in s]), s)

    def _label(self, s: str) -> str | None:
        return _exchange(_LABEL, lambda m: self._relabel(m, self.foreign_labels), s)

    def _own_label(self, s: str) -> str | None:
        own = [label for label in self.labels if label not in s]
        return _exchange(_LABEL, lambda m: self._relabel(m, own), s)

    def _relabel(self, match: re.Match[str], labels: Sequence[str]) -> str | None:
        words = next(filter(None, match.groups()))
        other = self._pick([label for label in labels if words not in label and label not in words])
        return match[0].replace(words, other) if other else None

    def _pick(self, options: Sequence[str]) -> str:
        return self.dice.choice(options) if options else ""

    def _negation(self, s: str) -> str | None:
        if re.search(r"\bnot\b", s):
            return re.sub(r"\b(?:do |does )?not ", "", s, count=1)
        return _exchange(re.compile(_AUXILIARY), lambda m: f"{m[0]} not", s)

    def _opposite(self, s: str) -> str | None:
        pairs = [pair for one, other in _TURN for pair in ((one, other), (other, one))]
        fitting = [(a, b) for a, b in pairs if re.search(rf"(?<![\w>*]){a}(?![\w*])", s)]
        if not fitting:
            return None
        one, other = self.dice.choice(fitting)
        return re.sub(rf"(?<![\w>*]){one}(?![\w*])", other, s, count=1)

    def _condition(self, s: str) -> str | None:
        if match := re.match(r"(?:If|Once|When|Unless|After) [^,]{8,90}, (.{12,})", s):
            return match[1][0].upper() + match[1][1:]
        if match := re.fullmatch(r"(.{20,}?),? (?:if|unless|until|only if|as long as|but not|except) .{8,90}\.", s):
            return match[1] + "."
        return _exchange(re.compile(r"\b[Oo]nly "), lambda _: " ", s)

    def _promise(self, s: str) -> str | None:
        return f"{s} {self.dice.choice(_PROMISES)}"

    def _claim(self, s: str) -> str | None:
        return f"{self.dice.choice(_CLAIMS)} {s}"


def cases(articles: Sequence[str], *, seed: int = 7, per_article: int = 4) -> Rows:
    """Yield supported and faulty answers about each article, as `evaluate groundedness` reads them."""
    dice = random.Random(seed)
    for place, text in enumerate(articles):
        own = sentences_of(text)
        others = [articles[(place + step) % len(articles)] for step in (1, 2, 3)]
        faults = Faults(text, others, dice)
        for sentence in dice.sample(own, min(per_article, len(own))):
            yield _row(text, sentence, "supported", "verbatim")
            plain = restated(sentence, dice)
            yield _row(text, plain, "supported", "restated")
            yield _row(text, f"{plain} {dice.choice(own)}", "supported", "two_sentences")
            for kind, faulty in faults.of(plain):
                yield _row(text, faulty, "unsupported", kind)
            if foreign := sentences_of(others[0]):
                yield _row(text, restated(dice.choice(foreign), dice), "unsupported", "other_article")
        yield from _swapped_steps(text)


def _swapped_steps(text: str) -> Rows:
    steps = re.findall(r"(?m)^\d+\. (.{10,160}\.)$", text)
    if len(steps) >= 2:
        one, other = (step[0].lower() + step[1:].rstrip(".") for step in steps[:2])
        yield _row(text, f"First {one}, then {other}.", "supported", "steps")
        yield _row(text, f"First {other}, then {one}.", "unsupported", "swapped_steps")


def _row(text: str, answer: str, label: str, kind: str) -> dict[str, str]:
    return {"context": text, "answer": _bare(answer), "label": label, "kind": kind}
