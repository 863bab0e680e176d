"""Pure: which words of a question no text anyone may read has. Slips of the finger and everyday words are none."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from string import ascii_lowercase

from kb.lexical import tokenise
from kb.spelling import MIN_LETTERS

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")


class Vocabulary:
    """Knows the words of some texts whatever their endings. Immutable and safe to share between threads.

    `real` are words of the language, the commonest of which, `everyday`, say nothing of what a text is about.
    """

    def __init__(self, texts: Iterable[str], real: Collection[str] = (), everyday: Collection[str] = ()) -> None:
        self._stems = frozenset(stem for text in texts for stem in tokenise(text).words)
        self._everyday = frozenset(everyday)
        self._real = frozenset(real)

    def lacks(self, text: str, mend: Callable[[str], str]) -> tuple[str, ...]:
        """Return the words of the text, as written, that are foreign. `mend` puts right what was mistyped.

        A capital inside a sentence makes an everyday word a name ("Windows").
        """
        found = []
        for match in _WORD.finditer(text):
            word = match[0]
            is_name = word[:1].isupper() and bool(re.search(r"[\w,] +$", text[: match.start()]))
            if self._has(word) or self._has(mend(word)):
                continue
            if is_name or not (word.lower() in self._everyday or self._is_slip(word)):
                found.append(word)
        return tuple(dict.fromkeys(found))

    def _has(self, word: str) -> bool:
        """Say whether the texts have a word, by itself or inside a longer one ("fence" in "geofence")."""
        return all(
            stem in self._stems or (len(word) >= MIN_LETTERS and any(stem in known for known in self._stems))
            for stem in tokenise(word).words
        )

    def _is_slip(self, word: str) -> bool:
        """Say whether a plain word is none, but one slip away from one; the first letter is seldom the wrong one."""
        is_real = any(form in self._real for form in (word, f"{word}s", word.removesuffix("s")))
        if len(word) < MIN_LETTERS or not word.islower() or is_real:
            return False
        return any(one in self._real for one in _one_slip_away(word))


def _one_slip_away(word: str) -> Iterator[str]:
    """Yield what a letter missing, added, changed or in its neighbour's place makes of a word."""
    for at in range(1, len(word) + 1):
        head, tail = word[:at], word[at:]
        yield head + tail[1:]
        yield head + tail[1:2] + tail[:1] + tail[2:]
        for letter in ascii_lowercase:
            yield head + letter + tail
            yield head + letter + tail[1:]
