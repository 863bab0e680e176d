"""Links and mail addresses of a reply: to allowed hosts only, and just as a passage has them. Pure."""

import re
from collections.abc import Iterable, Mapping

from config.policy import Policy
from kb.domain import Passage

_URL = re.compile(
    r"(?i)\b(?:https?|ftp|file|data|javascript|mailto|tel):[^\s<>\"'”]+|(?<![:/\w])//[\w-]+\.[^\s<>\"'”]+"
)
_BARE_HOST = re.compile(
    r"(?i)(?<![@/\w.:-])(?:www\.)?(?:[a-z0-9-]+\.)+(?:com|net|org|io|co|eu|de|uk|fr|info|biz|dev|app|xyz|ru|cn|me|"
    r"ly|ai|"
    r"example|test)\b(?:/[^\s<>\"'”]*)?(?!@)"
)
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")


def without_links(text: str) -> str:
    return _EMAIL.sub(" ", _BARE_HOST.sub(" ", _URL.sub(" ", text)))


def links(text: str, named: Mapping[str, Passage], policy: Policy) -> Iterable[tuple[str, str]]:
    """Yield links to hosts that are not allowed, and links and addresses no passage has in just this form."""
    urls = {_plain_url(passage.url) for passage in named.values() if passage.url}
    allowed = {host.lower() for host in policy.answering.allowed_hosts}
    sources = "\n".join(passage.text for passage in named.values())
    for match in _URL.finditer(text):
        url = match[0].rstrip(".,;:!?)")
        if _plain_url(url) in urls:
            continue
        if not _is_allowed(url, allowed):
            yield "foreign_link", url
        elif not re.search(rf"{re.escape(url)}(?![\w/?#&=%-])", sources):
            yield "unsupported_link", url
    rest = _EMAIL.sub(" ", _URL.sub(" ", text))
    for match in _BARE_HOST.finditer(rest):
        if not _stands_in(match[0].rstrip(".,"), sources):
            yield "unsupported_link", match[0]
    for match in _EMAIL.finditer(_URL.sub(" ", text)):
        if not _stands_in(match[0].rstrip("."), sources):
            yield "unsupported_email", match[0]


def _is_allowed(url: str, hosts: set[str]) -> bool:
    """Say whether the link plainly leads to one of these hosts: no user part, no other scheme, no tricks."""
    match = re.match(r"(?i)https?://([\w.-]+)(?::\d+)?(?=[/?#]|$)", url)
    return match is not None and match[1].lower() in hosts


def _stands_in(words: str, text: str) -> bool:
    return re.search(rf"(?<![\w@.-]){re.escape(words)}(?![\w@-])", text, re.IGNORECASE) is not None


def _plain_url(url: str) -> str:
    return url.rstrip("/").lower()
