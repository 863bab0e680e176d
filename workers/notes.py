"""Pure: what staff read. The draft note and the hand-over package, as the helpdesk's HTML."""

import html
from typing import Any

from config.policy import Policy
from integrations.setup import WITH_MACROS
from workers.domain import (
    Action,
    Classification,
    Code,
    Decision,
    Draft,
    Finding,
    Reading,
    Reason,
    RuleHit,
    Sentiment,
    Stage,
    Urgency,
)
from workers.letter import Package, as_chat, blocks_of, cited, letter, render
from workers.note_sources import shorten, shown_sources, shown_tickets
from workers.plain_reply import letters_over
from workers.redact import unmask
from workers.wording import all_in_words, confidence_in_words, finding_in_words, tongue
from workers.words import Words, section, spoken

_ASKS = 5
_KIND_LETTERS = 60
_NO_GUESS = 0.5  # a kind of request that is less likely only distracts
# What keeps a reply from going out by itself. Beside a reason why there is none, it is nothing to who takes over.
_ONLY_OF_SENDING = frozenset(
    {
        Code.AUTONOMY_DRAFT,
        Code.AUTONOMY_OFF,
        Code.CHANNEL_DRAFT_ONLY,
        Code.LANGUAGE,
        Code.LESSON_ONLY,
        Code.REVIEW_BAND,
        Code.REVIEW_SAMPLE,
        Code.SHARED,
    }
)


def draft_note(package: Package, decision: Decision, policy: Policy) -> str:
    """Render the note that carries a draft: the answer first, then sources, reasons, and what to do next."""
    fixed = spoken(decision.team, policy)
    return render(
        "draft_note.html",
        **letter(package, policy, package.findings.doubts),
        fixed=section(fixed, "note"),
        doubts=_doubts(package, fixed),
        cited=shown_sources(cited(package), fixed),
        unanswered=_unanswered(package),
        reasons=_reasons(package, decision, fixed),
        chat=(chat := as_chat(package)),
        how=_how_in_chat(package, chat, fixed) if chat else _how(package, policy, fixed),
        about=_about(package, policy, fixed),
    )


def assist_note(package: Package, decision: Decision, policy: Policy) -> str:
    """Render the hand-over package: asks, reasons, what is known, a start for the reply, and sources."""
    shown, fixed = _shown(package, decision), spoken(decision.team, policy)
    return render(
        "assist_note.html",
        **_package(package, decision, policy, fixed),
        groups=blocks_of(shown, package.reading, package.findings.doubts) if shown else [],
        doubts=_doubts(package, fixed) if shown else [],
        passages=shown_sources(
            cited(package) if shown else package.passages,
            fixed,
            quotes=_quotes(shown, decision),
            question=package.reading.question,
        ),
    )


def _quotes(shown: Draft | None, decision: Decision) -> int:
    """Return how many passages are quoted: none below a start for the reply, few where they hardly fit."""
    hardly_fit = any(reason.code is Code.NOTHING_FOUND for reason in decision.reasons)
    return 0 if shown else 1 if hardly_fit else 2


def _shown(package: Package, decision: Decision) -> Draft | None:
    """Return the draft that an assist note offers as a start; one made in shadow is recorded only."""
    is_hidden = any(reason.code is Code.AUTONOMY_SHADOW for reason in decision.reasons)
    return package.draft if package.draft and package.draft.sentences and not is_hidden else None


def hand_off_note(package: Package, decision: Decision, policy: Policy) -> str:
    """Render the short note of a ticket that goes straight to a person."""
    return render("hand_off_note.html", **_package(package, decision, policy, spoken(decision.team, policy)))


def bare_note(decision: Decision) -> str:
    """Say in plain words that a person has to look. Uses no template and nothing of the ticket."""
    why = "; ".join(f"{reason.code.value.replace('_', ' ')} {reason.detail}".strip() for reason in decision.reasons)
    return (
        "<p><strong>Deskhand could not work on this ticket. Please answer it personally.</strong></p>"
        f"<p>Reason, for an admin: {html.escape(why[:300])}.</p>"
    )


def _doubts(package: Package, fixed: Words) -> list[str]:
    """Say what the checks and the second reading point at, in words."""
    said = (_doubt(finding, package.reading, fixed) for finding in package.findings.doubts)
    return list(dict.fromkeys(said))


def _doubt(finding: Finding, reading: Reading, fixed: Words) -> str:
    words = unmask(shorten(finding.words, 120), reading.vault)
    told = finding_in_words(finding.code, fixed)
    return f"“{words}” ({told})" if words else told


def _unanswered(package: Package) -> list[str]:
    """Return the asks that the draft says nothing to, so that whoever sends it need not look for them."""
    covered = package.draft.asks_covered if package.draft else ()
    left = [ask for number, ask in enumerate(package.reading.asks) if number not in covered]
    return [unmask(shorten(ask, 300), package.reading.vault) for ask in left[:_ASKS]]


def _package(package: Package, decision: Decision, policy: Policy, fixed: Words) -> dict[str, Any]:
    team = policy.teams.get(decision.team)
    reading = package.reading
    headline = _headline(package, fixed)
    asks = [unmask(shorten(ask, 300), reading.vault) for ask in reading.asks[:_ASKS]]
    # An ask that the headline says already stands right above the note.
    said = headline.rstrip(" …?!.")[:60].casefold()
    asks = [ask for ask in asks if said not in ask.casefold()]
    return {
        "fixed": section(fixed, "note"),
        "title": fixed["note.for"].format(team=team.group if team else fixed["note.team"], headline=headline),
        "urgent": _urgent(decision, fixed),
        "asks": asks,
        "reasons": _reasons(package, decision, fixed),
        "known": _known(package, policy, fixed),
        "suggestion": fixed[f"note.suggest_{_suggestion(package, decision)}"],
        "similar": shown_tickets(package.similar, fixed),
        "about": _about(package, policy, fixed),
    }


def _urgent(decision: Decision, fixed: Words) -> str:
    if decision.urgency not in (Urgency.HIGH, Urgency.CRITICAL):
        return ""
    return fixed["note.urgency"].format(urgency=fixed[f"note.{decision.urgency.value}"])


def _headline(package: Package, fixed: Words) -> str:
    label = package.label
    summary = label.summary if label and label.summary else package.reading.subject or package.reading.newest
    return unmask(shorten(summary, 120), package.reading.vault) or fixed["note.headline"]


def _reasons(package: Package, decision: Decision, fixed: Words) -> list[str]:
    # A rule's sentence stands in a list with the others: "the requester asks for a person" is said once.
    wording = {hit.id: _of_rule(hit, package.reading, fixed) for hit in package.hits}
    telling = [reason for reason in decision.reasons if decision.action is Action.DRAFT or _is_telling(reason)]
    return all_in_words(telling or decision.reasons, wording, fixed)


def _of_rule(hit: RuleHit, reading: Reading, fixed: Words) -> str:
    """Say what a rule is for; where none of its words stands there, what reads like it."""
    reason = _uncapped(hit.reason.rstrip("."))
    if not hit.is_heard:
        return reason
    return fixed["note.reads_like"].format(reason=reason, words=unmask(shorten(hit.words, 120), reading.vault))


def _is_telling(reason: Reason) -> bool:
    """Tell whether a reason says why a person has to take over, and not only why nothing went out by itself."""
    return reason.code not in _ONLY_OF_SENDING and (reason.code, reason.detail) != (Code.INTENT_CEILING, "draft")


def _uncapped(sentence: str) -> str:
    """Begin with a small letter, but for "GDPR" and "I"."""
    return f"{sentence[0].lower()}{sentence[1:]}" if sentence[1:2].islower() else sentence


def _known(package: Package, policy: Policy, fixed: Words) -> list[str]:
    ticket, reading, label = package.ticket, package.reading, package.label
    known = []
    if label and label.intent and label.confidence >= _NO_GUESS:
        intent = policy.intents.get(label.intent)
        what = shorten(intent.description.partition(":")[0].rstrip("."), _KIND_LETTERS) if intent else label.intent
        known.append(fixed["note.kind"].format(kind=what, sure=confidence_in_words(label.confidence, fixed)))
    if ticket.organization and ticket.organization.tags:
        known.append(fixed["note.organisation_tags"].format(tags=", ".join(ticket.organization.tags)))
    known += [unmask(line, reading.vault) for line in package.account.lines(fixed)]
    if package.account.earlier:
        known.append(fixed["note.earlier"].format(requests=unmask(package.account.requests(fixed), reading.vault)))
    if not reading.is_verified:
        known.append(fixed["note.unverified"])
    if reading.is_participant:
        known.append(fixed["note.participant"])
    if label and label.sentiment is not Sentiment.CALM:
        known.append(fixed["note.mood"].format(mood=fixed[f"note.{label.sentiment.value}"]))
    if reading.language and reading.language not in policy.answering.languages:
        known.append(fixed["note.language"].format(language=tongue(reading.language, fixed)))
    known += _attached(reading, fixed)
    if reading.bot_replies:
        often = "once" if reading.bot_replies == 1 else "often"
        known.append(fixed[f"note.replied_{often}"].format(times=reading.bot_replies))
    return known


def _attached(reading: Reading, fixed: Words) -> list[str]:
    """Return which files were read and which were not."""
    read = [one.name for one in reading.enclosures if not one.unread]
    closed = [name for name in reading.attachments if name not in read]
    named = (("attachments_read", read), ("attachments", closed))
    return [fixed[f"note.{key}"].format(names=", ".join(names[:5])) for key, names in named if names]


def _suggestion(package: Package, decision: Decision) -> str:
    """Name what to do next; the words for it are `note.suggest_...`."""
    codes = {reason.code for reason in decision.reasons}
    if Code.UNREADABLE in codes:
        return "attachment"
    if _shown(package, decision):
        return "start"
    if Code.NOTHING_FOUND in codes or Code.MODEL_ESCALATED in codes:
        return "own"
    if decision.action.value == "hand_off":
        return "over"
    return "passages" if package.passages else "plain"


def _how(package: Package, policy: Policy, fixed: Words) -> str:
    """Say how the draft is sent, beside `/send`: by a macro of ours where the helpdesk has them, else by its tag."""
    shortcut = fixed["note.by_macro"]
    if package.ticket.vendor not in WITH_MACROS:
        shortcut = fixed["note.by_tag"].format(tag=policy.approval.send_tag)
    return fixed["note.draft_how"].format(shortcut=shortcut)


def _how_in_chat(package: Package, chat: str, fixed: Words) -> str:
    over = letters_over(chat, package.ticket.channel)
    too_long = fixed["note.too_long_for_chat"].format(letters=over) if over else ""
    return " ".join(filter(None, (fixed["note.draft_how_in_chat"], too_long)))


def _about(package: Package, policy: Policy, fixed: Words) -> str:
    label = package.label
    parts = []
    if label and label.intent:
        parts.append(_intent(label, fixed))
        if label.stage is Stage.TWO:
            parts.append(fixed["note.by_model"])
    parts.append(fixed["note.stop"].format(tag=policy.answering.stop_tag))
    return " · ".join(parts)


def _intent(label: Classification, fixed: Words) -> str:
    sure = confidence_in_words(label.confidence, fixed)
    return fixed["note.intent"].format(intent=label.intent, sure=sure, share=f"{label.confidence:.0%}")
