"""What a requester enclosed: text-like files of the newest message are fetched, read and masked; the rest is named."""

from collections.abc import Mapping
from dataclasses import replace

from config.logs import get_logger
from config.policy import Limits
from integrations.errors import IntegrationError, PermanentError
from integrations.helpdesk import Attachment, Helpdesk, Ticket
from workers.domain import Enclosure, Reading
from workers.file_text import AWAY, LONG, MANY, UnreadError, kind_of_file, text_of
from workers.reading.screen import suspicions
from workers.redact import PLACEHOLDER, kinds, mask

log = get_logger(__name__)

_LETTERS = 20_000  # of a file's text that are masked and kept; prompts show far less


def with_enclosures(ticket: Ticket, reading: Reading, helpdesk: Helpdesk, limits: Limits) -> Reading:
    """Return the reading with the masked text of its files, or why one was not read.

    What the message masks has the same placeholder here. Values that only a file has are never put back into a reply,
    so theirs say no more than their kind. A file that cannot be had now holds nothing up. What a file says is as little
    an order to us as what a message says.
    """
    there = {a.id: a for message in ticket.messages for a in message.attachments}
    files = [there[one] for one in reading.enclosed if one in there]
    vault = dict(reading.vault)
    names = (ticket.requester.name,) if "@" not in ticket.requester.name else ()

    def masked(text: str) -> str:
        return _unfillable(mask(text, vault=vault, known_names=names), reading.vault)

    found, has_injection, left = list[Enclosure](), reading.has_injection, limits.attachments
    for file in files:
        try:
            text = _text(file, left, helpdesk, limits)
        except UnreadError as error:
            found.append(Enclosure(masked(file.name), unread=error.why))
        else:
            has_injection = has_injection or bool(suspicions(text))
            found.append(Enclosure(masked(file.name), masked(text[:_LETTERS]), is_cut=len(text) > _LETTERS))
        left -= not kind_of_file(file.name, file.content_type)
    return replace(reading, enclosures=tuple(found), masked_kinds=kinds(vault), has_injection=has_injection)


def _unfillable(text: str, vault: Mapping[str, str]) -> str:
    """Return masked text in which what the vault does not have is only called what it is."""
    return PLACEHOLDER.sub(lambda found: found[0] if found[0] in vault else f"({found[1]})", text)


def _text(file: Attachment, left: int, helpdesk: Helpdesk, limits: Limits) -> str:
    """Return the text of a file, if so many more may be fetched; raise UnreadError with why there is none."""
    if why := kind_of_file(file.name, file.content_type):
        raise UnreadError(why)
    if left <= 0:
        raise UnreadError(MANY)
    if file.size_bytes > limits.attachment_bytes:
        raise UnreadError(LONG)
    try:
        raw = helpdesk.download(file, most_bytes=limits.attachment_bytes)
    except IntegrationError as error:
        log.warning("attachment_unread", vendor=helpdesk.vendor, error=str(error))
        raise UnreadError(LONG if isinstance(error, PermanentError) and error.status == 413 else AWAY) from None
    return text_of(file.name, file.content_type, raw, most_pages=limits.attachment_pages)
