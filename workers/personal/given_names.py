"""The given names of many countries: the only module that knows Faker, for the name lists it keeps up. Pure."""

import importlib
import pkgutil
from collections.abc import Iterable
from functools import lru_cache
from types import ModuleType

from faker.providers import lorem, person

from workers.personal.found import words

_GIVEN = ("first_names", "first_names_female", "first_names_male", "first_names_nonbinary")
_WORDS_OF = ("en_US", "de_DE", "fr_FR")
# Given names that are, in support, more often a word, a product, a key or a place.
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
    """Say whether a word, whatever its case, is a person's given name and hardly ever anything else."""
    return word.casefold() in _given_names()


@lru_cache(maxsize=1)
def _given_names() -> frozenset[str]:
    found = {
        part
        for provider in _providers(person)
        for name in _listed(provider, _GIVEN)
        for part in name.casefold().split()
        if len(part) > 2 and part.isalpha()
    }
    return frozenset(found) - _ALSO_WORDS - common_words()


@lru_cache(maxsize=1)
def common_words() -> frozenset[str]:
    """Return everyday words of English, German and French."""
    providers = (importlib.import_module(f"{lorem.__name__}.{locale}") for locale in _WORDS_OF)
    return frozenset(word.casefold() for provider in providers for word in _listed(provider, ("word_list",)))


def _providers(package: ModuleType) -> Iterable[ModuleType]:
    for module in pkgutil.iter_modules(package.__path__):
        yield importlib.import_module(f"{package.__name__}.{module.name}")


def _listed(module: ModuleType, attributes: Iterable[str]) -> Iterable[str]:
    """Yield the words of a provider's lists; some keep them as a mapping from word to frequency."""
    for attribute in attributes:
        kept = getattr(module.Provider, attribute, ())
        if isinstance(kept, (tuple, list, dict)):
            yield from map(str, kept)
