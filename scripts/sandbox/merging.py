"""Merging tickets: the target gets the threads in one comment, the sources are closed and point to it."""

from collections.abc import Mapping, Sequence

from scripts.sandbox import triggers
from scripts.sandbox.desk import Desk, NewComment, Origin
from scripts.sandbox.refusals import invalid
from scripts.sandbox.state import Ticket

TAG = "closed_by_merge"


def merge(
    desk: Desk, origin: Origin, target: Ticket, sources: Sequence[Ticket], notes: Mapping[str, tuple[str, bool]]
) -> None:
    """Merge tickets into the target; raise RefusedError, with nothing changed, if one of them is closed.

    `notes` has a text and whether it is public for "target" and "source"; an empty text is the account's own.
    """
    if any(ticket.status == "closed" for ticket in (target, *sources)):
        raise invalid("base", "Merge: a closed ticket cannot be merged", "ClosedTicket")
    merged = {"from": {"ticket_ids": [source.id for source in sources]}, "to": {}, "rel": "merge"}
    text, is_public = notes["target"]
    parts = [text] if text else []
    for source in sources:
        parts += [f'Request #{source.id} "{source.subject}" was closed and merged into this request.', _thread(source)]
    files = tuple(file for source in sources for comment in source.comments for file in comment.attachments)
    comment = NewComment(origin.actor, "\n\n".join(parts), public=is_public, attachments=files)
    desk.update(target, Origin(origin.actor, origin.channel, origin.client, merged), {}, comment)
    for source in sources:
        _close(desk, origin, target, source, *notes["source"])


def _thread(source: Ticket) -> str:
    return "\n\n".join(comment.plain_body for comment in source.comments if comment.public)


def _close(desk: Desk, origin: Origin, target: Ticket, source: Ticket, text: str, is_public: bool) -> None:
    words = text or f'This request was closed and merged into request #{target.id} "{target.subject}".'
    before = triggers.snapshot(source)
    comment = NewComment(origin.actor, words, public=is_public)
    desk.update(source, origin, {"status": "closed", "tags": [*source.tags, TAG]}, comment)
    update = triggers.Update(source, before, origin.actor, origin.channel, None)
    desk.announce(update, "merged", {"target_ticket_id": str(target.id)})
