"""Pure: the short notes that answer staff's commands, as the helpdesk's HTML, in their team's language."""

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from config.policy import Policy
from workers.commands import Command, Decided, Name
from workers.domain import Code, Reason
from workers.wording import confidence_in_words, finding_in_words, in_words
from workers.words import Words

_ORDER = (Name.SEND, Name.REDO, Name.SHORTER, Name.WHY, Name.WRONG, Name.NEVER, Name.STOP)


def said(fixed: Words, key: str, /, **values: str) -> str:
    """Return one paragraph: the fixed text of this name with the values filled in, harmless in HTML."""
    return f"<p>{escape(fixed[key]).format(**{name: escape(value) for name, value in values.items()})}</p>"


def help_note(command: Command, words: Words, policy: Policy) -> str:
    """Say what can be asked for; first that a word was none of ours."""
    unknown = said(words, "command.unknown", given=command.given) if command.given else ""
    rows = "".join(
        f"<li><strong>/{name.value}</strong> {escape(words[f'command.{name.value}'])}</li>" for name in _ORDER
    )
    tags = said(
        words,
        "command.tags",
        send_tag=policy.approval.send_tag,
        wrong_tag=policy.approval.wrong_tag,
        stop_tag=policy.answering.stop_tag,
    )
    return f"{unknown}{said(words, 'command.help')}<ul>{rows}</ul>{tags}"


def why_note(decided: Decided, words: Words, policy: Policy) -> str:
    """Say how the decision fell: kind, sources, checks, every reason, and what would have to change."""
    outcome = f"{words['why.outcome']}: {words[f'why.{decided.action}']}"
    parts = [
        f"<p><strong>{escape(words['why.head'])}</strong></p>",
        _list([outcome, f"{words['why.kind']}: {_kind(decided, words, policy)}"]),
        _titled(words["why.sources"], _sources(decided.passages)),
        _titled(words["why.findings"], _findings(decided, words)),
        _titled(words["why.judge"], _judged(decided, words)),
        _titled(words["why.reasons"], [in_words(reason, _rules(policy), words) for reason in _reasons(decided)]),
        _titled(words["why.change"], _changes(decided, words)),
    ]
    return "".join(parts)


def _kind(decided: Decided, words: Words, policy: Policy) -> str:
    if not decided.intent:
        return words["why.kind_none"]
    entry = policy.intents.get(decided.intent)
    name = entry.description.partition(":")[0].rstrip(".") if entry else decided.intent
    stage = {"one": words["why.stage_one"], "two": words["why.stage_two"]}.get(decided.stage, "")
    told = f", {stage}" if stage else ""
    return f"{name} ({confidence_in_words(decided.confidence, words)}, {decided.confidence:.0%}{told})"


def _sources(passages: Iterable[Mapping[str, Any]]) -> list[str]:
    """Name each source once, with its best score."""
    best: dict[str, float] = {}
    for passage in passages:
        heading = " > ".join(passage.get("heading") or ())
        title = f"{passage.get('title', '')}{f', “{heading}”' if heading else ''}"
        best[title] = max(best.get(title, 0.0), float(passage.get("score", 0.0)))
    return [f"{title} ({score:.2f})" for title, score in best.items()]


def _findings(decided: Decided, words: Words) -> list[str]:
    if not decided.draft:
        return []
    found = decided.findings.get("findings") or ()
    lines = [f"“{one['words']}”: {finding_in_words(one['code'], words)}" for one in found]
    return list(dict.fromkeys(lines)) or [words["why.findings_none"]]


def _judged(decided: Decided, words: Words) -> list[str]:
    judged = decided.findings.get("judgement")
    if not judged or judged.get("model_outcome") != "ok":
        return []
    shares = {name: f"{judged[name]:.0%}" for name in ("faithfulness", "relevance", "safety")}
    doubts = [f"“{one['words']}”" for one in judged.get("doubts") or ()]
    return [words["why.judge_scores"].format(**shares), *filter(None, [judged.get("reason", "")]), *doubts]


def _reasons(decided: Decided) -> list[Reason]:
    split = (text.partition(":") for text in decided.reasons)
    known = {code.value for code in Code}
    return [Reason(Code(code), detail) for code, _, detail in split if code in known]


def _rules(policy: Policy) -> dict[str, str]:
    return {name: rule.reason.rstrip(".") for name, rule in policy.rules.items()}


def _changes(decided: Decided, words: Words) -> list[str]:
    told = [words[name] for reason in _reasons(decided) if (name := f"change.{reason.code.value}") in words]
    is_all_well = all(reason.code is Code.CONFIDENT for reason in _reasons(decided))
    return list(dict.fromkeys(told)) or ([words["why.change_none"]] if is_all_well else [])


def _titled(title: str, lines: Iterable[str]) -> str:
    rows = list(lines)
    return f"<p><strong>{escape(title)}</strong></p>{_list(rows)}" if rows else ""


def _list(lines: Iterable[str]) -> str:
    return f"<ul>{''.join(f'<li>{escape(line)}</li>' for line in lines)}</ul>"
