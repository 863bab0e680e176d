"""Lists of names and of everyday words: the only module that knows Faker and wordfreq, which keep them up. Pure."""

import importlib
import pkgutil
import sys
from collections.abc import Iterable, Iterator

from faker.providers import person
from wordfreq import get_frequency_dict, get_frequency_list

from workers.once import once
from workers.personal.found import words

RARE = 0
VERY_COMMON = 4
# Occurrences in a million words that make a word a little common ... very common.
_STEPS = (1, 10, 100, 1000)
# Of the language most is written in here all words are kept, of the others those that are met again and again.
_LEAST = {"en": 1, "de": 10, "fr": 10, "es": 10, "it": 10, "nl": 10, "pt": 10, "sv": 10, "pl": 10}

# Names that are, in support, more often a word, a product, a key or a place.
_ALSO_WORDS = words(
    "january february march july september october november december monday tuesday wednesday thursday friday "
    "saturday "
    "access ace ada africa al alexa ali alpha alt am amber america an angel ann apple april arch art asana asia "
    "atlanta august austin auto autumn avast avira baby basic bay bell ben berlin beta bill bird bitdefender blue "
    "bo box bravo break bristol brook buck bud cal candy canva captain carol case cash cat catalina chance charlie "
    "charlotte chase chat china chip christ christian christmas chrome cinnamon clara claude cliff cloud cole "
    "constant cortana crystal ctrl da dale dallas damini dan danish das data dawn day de dean debian dee delete "
    "dell delta den denver der des die do don dot drew drive dropbox du duke earl easter echo eden edge edit el end "
    "enter era ernest esc eset eudora europe ever excel exchange faith fedora fern flora florence forest forum fox "
    "foxtrot france frank french fritz gemini gene georgia german glen global golf grace gram grant guy hall "
    "hamilton harmony haven heather hence holly home honey hope hotel houston hunter il im imo inbox india insert "
    "iris israel ivory ivy jack jade jan jasmine java jewel jira jordan jos journey joy julia juliet june justice "
    "kali kaspersky ken kindle kingston kit la lance lane las le les lily lima lincoln link linux local london love "
    "lucky ma mac macs mad made madison major mar mark master max may melbourne mercedes mercy meta mi mike miles "
    "mint miro misty mo monday monterey mozilla my na nas no non normal norton notion nova ok olive opera orange "
    "oscar outlook page pan panda papa paris pascal pat pause pearl peg penny per phoenix pia pierce plain precious "
    "press prime prince princess print proton python quebec queen rain ray reason redmond reed rex rich river rob "
    "robin rocky rogers romeo rose royal ruby rusty safari sage said sam san sandy santa say scout see sent sep "
    "server sever shade share shift sierra siri skip sky slack smith so son sonny sonoma star stone storm sue "
    "summer sun sunday sunny swift sydney sys tab tad tango teams terra test the tia tiffany tiny titan to tor "
    "trinity true ty ubuntu uniform valid van ventura ver vi victor victoria violet virginia vista wade washington "
    "west whiskey will win windows winter woody word yoga york zip zoom zulu "
)


def is_given_name(word: str) -> bool:
    """Say whether people somewhere bear the word, whatever its case, as a given name; perhaps among much else."""
    return word.casefold() in given_names()


def is_family_name(word: str) -> bool:
    return word.casefold() in family_names()


def commonness(word: str) -> int:
    """Return how common a word is in the European language that uses it most: RARE (or unknown) to VERY_COMMON."""
    return _commonness().get(word.casefold(), RARE)


def given_names() -> frozenset[str]:
    return _all_names()["first_name"]


def family_names() -> frozenset[str]:
    return _all_names()["last_name"]


@once
def _commonness() -> dict[str, int]:
    found: dict[str, int] = {}
    for language, least in _LEAST.items():
        for word, share in get_frequency_dict(language, "small").items():
            per_million = share * 1e6
            if per_million >= least:
                found[word] = max(found.get(word, RARE), sum(per_million >= step for step in _STEPS))
    # wordfreq keeps all it has read, ten times what is needed here.
    get_frequency_dict.cache_clear()
    get_frequency_list.cache_clear()
    return found


def read_names() -> dict[str, frozenset[str]]:
    """Return the given and the family names of all countries, and let go of Faker's modules: they hold 40 MB.

    Not for two threads at once: one would let go of what the other is reading.
    """
    known = set(sys.modules)
    found = {kind: frozenset(_parts(kind)) - _ALSO_WORDS for kind in ("first_name", "last_name")}
    for name in sys.modules.keys() - known:
        if name.startswith(f"{person.__name__}."):
            del sys.modules[name]
            vars(person).pop(name.rpartition(".")[2], None)
    return found


_all_names = once(read_names)


def _parts(kind: str) -> Iterator[str]:
    """Yield the parts of every name of a kind, of more than two letters, in small letters."""
    for name in _names(kind):
        yield from (part for part in name.casefold().replace("-", " ").split() if len(part) > 2 and part.isalpha())


def _names(kind: str) -> Iterable[str]:
    for module in pkgutil.iter_modules(person.__path__):
        provider = importlib.import_module(f"{person.__name__}.{module.name}").Provider
        for attribute in dir(provider):
            kept = getattr(provider, attribute) if kind in attribute else None
            if isinstance(kept, (tuple, list, dict)):  # a mapping holds frequencies
                yield from map(str, kept)
