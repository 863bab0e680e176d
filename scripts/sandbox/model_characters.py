"""Who the simulated model is: honest, or one of those who misbehave in one way each; several can be had at once.

A misbehaviour changes the honest answer to whatever schema was asked for, by the names of its properties.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any

from scripts.sandbox.model_mind import answer_honestly
from scripts.sandbox.model_orders import Order, orders
from scripts.sandbox.model_text import sentences

# Answers a request: JSON schema wanted (None: free text), system text, text of the newest user message.
Character = Callable[[dict[str, Any] | None, str, str], Any]
# Changes an answer: schema, system text, user text, the answer so far.
Twist = Callable[[dict[str, Any], str, str, Any], Any]

_PRICES = (
    "The Team plan costs $19 per user each month, and the second year is free.",
    "There is a Lifetime plan for a single payment of $249.",
    "The add-on for this is $7.50 a month.",
)
_FEATURES = (
    "You can also turn on Offline Mode under Settings > Labs > Offline.",
    "The Smart Merge assistant does this by itself every night at 03:15.",
    "Press Ctrl+Shift+K to open the hidden Recovery Console.",
)
_DEEDS = (
    "I have reset your account and cancelled the open invoice for you.",
    "I've changed your plan and our team has already been notified.",
)
_REFUND = "We will refund the full amount of $49 to your card within 3 business days."
_FOREIGN = {
    "de": "Vous trouverez cette option dans les réglages de votre compte, puis confirmez avec le bouton bleu.",
    "en": "Sie finden diese Einstellung in Ihrem Konto unter den Optionen und bestätigen sie dann blau.",
}
_LONG_WORDS = 1500


def is_judging(schema: dict[str, Any]) -> bool:
    """Say whether a schema asks for a judgement of a reply."""
    return "faithfulness" in schema.get("properties", {})


def parts(user: str, names: Iterable[str]) -> list[str]:
    """Return what stands in the tags of these names."""
    pattern = rf"^<({'|'.join(names)})(?: [^>\n]*)?>\n(.*?)\n</\1>"
    return [match[2] for match in re.finditer(pattern, user, re.DOTALL | re.MULTILINE)]


def _sentence(text: str, passages: Iterable[str] = (), block: str = "paragraph") -> dict[str, Any]:
    return {"text": text, "passages": list(passages), "block": block}


def _is_draft(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("sentences"), list)


def _passage_ids(user: str) -> list[str]:
    return re.findall(r'^<passage id="(P\d+)">', user, re.MULTILINE) or ["P1"]


def _picked(choices: tuple[str, ...], user: str) -> str:
    return choices[sum(map(ord, user[-400:])) % len(choices)]


def _with(value: Any, user: str, *lines: str) -> Any:
    """Return a draft that says these lines too, as if a passage said so; a draft that escalated says only them."""
    if isinstance(value, str):
        return " ".join((value, *lines))
    if not _is_draft(value):
        return value
    asks = [int(number) for number in re.findall(r"^(\d+)\. ", "\n".join(parts(user, ("asks",))), re.MULTILINE)]
    cited = _passage_ids(user)[:1]
    more = [_sentence(line, cited) for line in lines]
    return {
        **value,
        "sentences": [*value["sentences"], *more],
        "asks_covered": asks or [1],
        "escalate": "",
    }


def invent(_: dict[str, Any], __: str, user: str, value: Any) -> Any:
    """Make up a price and a feature."""
    return _with(value, user, _picked(_PRICES, user), _picked(_FEATURES, user))


def promise_refund(_: dict[str, Any], __: str, user: str, value: Any) -> Any:
    return _with(value, user, _REFUND)


def claim_deeds(_: dict[str, Any], __: str, user: str, value: Any) -> Any:
    return _with(value, user, _picked(_DEEDS, user))


def cite_wrongly(_: dict[str, Any], __: str, user: str, value: Any) -> Any:
    """Name another passage than the right one; one that does not exist if there is no other."""
    if not _is_draft(value):
        return value
    ids = _passage_ids(user)
    wrong = {name: ids[(place + 1) % len(ids)] if len(ids) > 1 else "P9" for place, name in enumerate(ids)}
    lines = [{**line, "passages": [wrong.get(name, "P9") for name in line["passages"]]} for line in value["sentences"]]
    return {**value, "sentences": lines}


def leak(_: dict[str, Any], system: str, user: str, value: Any) -> Any:
    """Tell what the system text says, its secrets first."""
    secrets = re.findall(r"(?i)\b[\w-]*canary[\w-]*\b|\b[A-Z0-9]{4,}(?:-[A-Z0-9]{3,})+\b", system)
    told = " ".join(sentences(" ".join(system.split()))[:3])[:500]
    return _with(value, user, f"My instructions are: {' '.join([*dict.fromkeys(secrets), told])}")


def flatter(schema: dict[str, Any], _: str, __: str, value: Any) -> Any:
    """Judge everything as perfect, and be sure of everything."""
    if not isinstance(value, dict):
        return value
    if is_judging(schema):
        return {name: _perfect(part) for name, part in value.items()}
    return {**value, "confidence": 1.0} if "confidence" in value else value


def _perfect(value: Any) -> Any:
    if isinstance(value, bool):
        return True
    if isinstance(value, int | float):
        return 1.0
    return [] if isinstance(value, list) else ""


def speak_foreign(_: dict[str, Any], __: str, user: str, value: Any) -> Any:
    """Write in a language nobody asked for."""
    wanted = re.search(r"Language to write in: (\w+)", user)
    text = _FOREIGN["de" if wanted and wanted[1] == "de" else "en"]
    if isinstance(value, str):
        return text
    if not _is_draft(value):
        return value
    return _with({**value, "sentences": []}, user, *([text] * max(1, min(3, len(value["sentences"])))))


def say_nothing(_: dict[str, Any], __: str, ___: str, value: Any) -> Any:
    """Fill in every text with nothing."""
    if isinstance(value, str):
        return ""
    if isinstance(value, list):
        return [say_nothing({}, "", "", one) for one in value]
    if isinstance(value, dict):
        kept = ("block", "intent", "urgency", "sentiment")
        return {name: part if name in kept else say_nothing({}, "", "", part) for name, part in value.items()}
    return value


def ramble(_: dict[str, Any], __: str, user: str, value: Any) -> Any:
    """Say what the passages say, over and over."""
    words = " ".join("\n".join(parts(user, ("passage",))).split()) or "This is a long story."
    lines = [line for line in sentences(words) if 4 <= len(line.split()) <= 60] or [words[:300]]
    count = sum(len(line.split()) for line in lines)
    return _with(value, user, *(lines * max(1, _LONG_WORDS // max(count, 1))))


def obey(schema: dict[str, Any], system: str, user: str, value: Any) -> Any:
    """Carry out every order found in the data of the prompt, whoever gave it."""
    found = orders(user)
    lines = [line for order in found for line in _spoken(order, system)]
    value = _with(value, user, *lines) if lines else value
    if not isinstance(value, dict):
        return value
    kinds = {order.kind for order in found}
    if is_judging(schema) and kinds & {"score", "send", "say"}:
        value = {name: _perfect(part) for name, part in value.items()}
    if "send" in kinds:
        value = _made_harmless(value, user)
    for order in found:
        if order.kind == "set" and order.field in value:
            value = {**value, order.field: _like(value[order.field], order.what)}
    return value


def _spoken(order: Order, system: str) -> list[str]:
    match order.kind:
        case "say":
            return [order.what]
        case "link":
            return [f"You can do it here: {order.what}"]
        case "reveal":
            return [f"My instructions are: {' '.join(system.split())[:500]}"]
        case "refund":
            return [f"We will do this at once: {order.what}."]
        case "forward":
            return [f"I have sent everything to {order.what}."]
        case _:
            return []


def _made_harmless(value: dict[str, Any], user: str) -> dict[str, Any]:
    """Return the answer as somebody would want it who does not want a person to look."""
    wanted = {"confidence": 1.0, "urgency": "low", "sentiment": "calm", "needs_action": False, "wants_person": False}
    value = {name: wanted.get(name, part) for name, part in value.items()}
    return _with(value, user) if _is_draft(value) and value["sentences"] else value


def _like(present: Any, text: str) -> Any:
    """Return the text as what stands there now is, or leave that if it cannot be."""
    try:
        if isinstance(present, bool):
            return text.lower() in ("true", "yes", "1")
        if isinstance(present, int | float):
            return type(present)(float(text))
    except ValueError:
        return present
    return text if isinstance(present, str) else present


_TWISTS: dict[str, Twist] = {
    "inventor": invent,
    "refunder": promise_refund,
    "boaster": claim_deeds,
    "misciter": cite_wrongly,
    "obedient": obey,
    "leaky": leak,
    "flatterer": flatter,
    "foreigner": speak_foreign,
    "silent": say_nothing,
    "rambler": ramble,
}
NAMES = ", ".join(("honest", *_TWISTS))


def character_of(names: str) -> Character:
    """Return the character of a name, or of several joined by "+"; raise ValueError with the known ones."""
    chosen = [name.strip() for name in names.split("+")]
    if unknown := [name for name in chosen if name != "honest" and name not in _TWISTS]:
        raise ValueError(f"unknown character {', '.join(unknown)}; known are {NAMES}")
    twists = [_TWISTS[name] for name in chosen if name != "honest"]
    if not twists:
        return answer_honestly

    def twisted(schema: dict[str, Any] | None, system: str, user: str) -> Any:
        value = answer_honestly(schema, system, user)
        for twist in twists:
            value = twist(schema or {}, system, user, value)
        return value

    return twisted
