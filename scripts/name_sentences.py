"""Texts made of name_sentences.toml, Faker's lists and the sample articles, of which it is known where people stand."""

import random
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from faker import Faker

SENTENCES = Path(__file__).with_suffix(".toml")
ARTICLES = Path(__file__).parent / "world" / "articles"
_LOCALES = (  # noqa: SIM905
    "en_US en_GB en_AU en_IN de_DE de_AT fr_FR es_ES es_MX it_IT nl_NL pt_BR pt_PT sv_SE no_NO dk_DK fi_FI pl_PL cs_CZ "
    "sk_SK hu_HU ro_RO hr_HR sl_SI lt_LT lv_LV et_EE tr_TR id_ID en_NG yo_NG zu_ZA vi_VN fil_PH"
).split()
_HIDDEN = 0.4  # share of names that are made to be on no list
_SLOT = re.compile(r"\{(\w+)\}")
_INITIALS = "ABCDEFGHJKLMNPRSTVW"
_TITLES = {
    "titled": ("Mr ", "Mrs ", "Ms. ", "Dr. ", "Mr. ", "Dr ", "Miss "),
    "titled_de": ("Herr ", "Frau ", "Herrn ", "Frau Dr. "),
}
_FAKED = {
    "company": "company",
    "job": "job",
    "email": "ascii_email",
    "phone": "phone_number",
    "month": "month_name",
    "day": "day_of_week",
    "date": "date",
    "address": "address",
}
_PEOPLE = frozenset({"name", "given", "family", "titled", "titled_de"})
_UNCLEAR = frozenset({"company", "address"})
_MARKS = (("", ""), ("**", "**"), ('"', '"'), ("'", "'"), ("“", "”"), ("„", "“"), ("`", "`"), ("(", ")"), ("[", "]"))
_MARK_SHARES = (8, 2, 2, 1, 1, 1, 1, 1, 1)
_INVENTED = 0.3  # share of products with a name nobody has heard of


class Made(NamedTuple):
    text: str
    people: list[tuple[int, int]]
    unclear: list[tuple[int, int]]  # companies and streets that bear a person's name: nothing is learned of them
    hidden: frozenset[str]


class Maker:
    """Makes texts of which it is known where people stand."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311
        kept = tomllib.loads(SENTENCES.read_text(encoding="utf-8"))
        self.people, self.things = kept["people"], kept["things"]
        self.lists = {
            name: [one.strip() for one in kept[name].split("|")]
            for name in ("products", "places", "labels", "labels_de")
        }
        articles = (path.read_text(encoding="utf-8") for path in sorted(ARTICLES.glob("*.md")))
        self.prose = [line for article in articles for line in _prose(article)]
        self.fakers = {locale: Faker(locale) for locale in _LOCALES}
        for number, faker in enumerate(self.fakers.values()):
            faker.seed_instance(seed + number)
        self.words = [word for word in self.fakers["en_US"].words(400, unique=True) if len(word) < 6]

    def text(self) -> Made:
        """Return the next text: up to five sentences about people, about things, and from articles."""
        self._people: list[tuple[int, int]] = []
        self._unclear: list[tuple[int, int]] = []
        self._hidden: set[str] = set()
        text = ""
        for _ in range(self.random.randint(1, 5)):
            pool = self.random.choices((self.people, self.things, self.prose), (5, 4, 4))[0]
            sentence = self.random.choice(pool)
            if text:
                text += self.random.choices((" ", "\n", "\n\n"), (5, 3, 2))[0]
            text = (
                text + sentence
                if pool is self.prose
                else self._filled(text, sentence.removesuffix("." * self._is(0.1)))
            )
        change = self.random.choices((str, str.lower, str.upper), (17, 2, 1))[0]
        if len(change(text)) != len(text):  # "ß" in capitals is two letters: the places would be wrong
            change = str
        return Made(change(text), self._people, self._unclear, frozenset(change(word) for word in self._hidden))

    def _is(self, share: float) -> bool:
        return self.random.random() < share

    def _filled(self, text: str, sentence: str) -> str:
        """Return the text with the sentence behind it, its slots filled; places of people are noted."""
        locale = self.random.choice(_LOCALES)
        rest = 0
        for slot in _SLOT.finditer(sentence):
            text += sentence[rest : slot.start()]
            title, value = self._value(slot[1], locale)
            text += title
            if slot[1] in _PEOPLE:
                self._people.append((len(text), len(text) + len(value)))
                if self._is(_HIDDEN):
                    self._hidden.update(re.split(r"[ .]+", value))
            elif slot[1] in _UNCLEAR:
                self._unclear.append((len(text), len(text) + len(value)))
            text += value
            rest = slot.end()
        return text + sentence[rest:]

    def _value(self, slot: str, locale: str) -> tuple[str, str]:
        """Return what stands before the value, a title or a mark, and the value."""
        faker, pick = self.fakers[locale], self.random.choice
        if slot in _PEOPLE:
            return self._person(slot, faker)
        if slot in ("label", "label_de"):
            before, after = self.random.choices(_MARKS, _MARK_SHARES)[0]
            return before, pick(self.lists[slot.replace("label", "labels")]) + after
        if slot == "product" and self._is(_INVENTED):
            return "", "".join(pick(self.words) for _ in range(2)).capitalize()
        if slot in ("product", "place"):
            return "", pick(self.lists[f"{slot}s"])
        if slot == "number":
            return "", str(self.random.randint(1, 3000))
        if slot == "initial":
            return "", pick(_INITIALS)
        english = self.fakers["en_US"] if slot in ("phone", "month", "day") else faker
        return "", str(getattr(english, _FAKED[slot])()).replace("\n", ", ")

    def _person(self, slot: str, faker: Faker) -> tuple[str, str]:
        given, family = str(faker.first_name()), str(faker.last_name())
        if slot in ("given", "family"):
            return "", given if slot == "given" else family
        if slot == "name":
            initial = self.random.choice(_INITIALS)
            middles = "", f" {initial}.", f" {initial}", f" {faker.first_name()}"
            return "", f"{given}{self.random.choices(middles, (16, 2, 2, 1))[0]} {family}"
        return self.random.choice(_TITLES[slot]), self.random.choice((family, family, f"{given} {family}"))


def _prose(article: str) -> Iterator[str]:
    """Yield the sentences and lines of an article without its head."""
    for line in re.sub(r"\[|\]\([^)]*\)", "", article.split("+++", 2)[-1]).splitlines():
        yield from (part.strip() for part in re.split(r"(?<=[.!?]) ", line) if part.strip())
