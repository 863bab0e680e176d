"""Classify one reading: stage one where it is sure, else the language model if there is one, else nobody."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from config.policy import Policy
from integrations.llm import Usage
from workers.domain import Candidate, Classification, Opinion, Reading, Stage
from workers.intent_model import Array, IntentModel, Verdict
from workers.reading.language import looks_foreign

MAX_ASKS = 5
FAMILIAR = 0.5  # with more of its words among the examples a message is in their language, whatever it looks like

Embed = Callable[[list[str]], Array]
Ask = Callable[[Sequence[Candidate]], tuple[Classification | None, Usage]]


def classify(
    reading: Reading, models: Sequence[IntentModel], embed: Embed, ask: Ask | None, policy: Policy
) -> tuple[Classification, tuple[Usage, ...]]:
    """Say what the message is about, and what it took.

    Stage two is asked only where stage one is missing or unsure, with stage one's candidates to choose from. When
    neither is sure the intent stays empty and the candidates stand for themselves. Stage one never decides on a
    message in a language that its examples are not in, or that may be in one: all of it looks strange, and surely so.
    Of several models the first one counts; what the others think is only recorded.
    """
    label = _stage_one(reading, models, embed, policy)
    if label.stage is Stage.ONE or ask is None:
        return label, ()
    answer, usage = ask(label.candidates)
    if answer is None:
        return replace(label, model_outcome=usage.outcome.value), (usage,)
    return replace(answer, opinions=label.opinions), (usage,)


def _stage_one(reading: Reading, models: Sequence[IntentModel], embed: Embed, policy: Policy) -> Classification:
    if not models or not reading.question:
        return Classification("", 0.0, Stage.NONE)
    asks = reading.asks[:MAX_ASKS] if len(reading.asks) > 1 else ()
    texts = [reading.question, *asks]
    vectors = embed(texts)
    verdicts = models[0].predict_many(texts, vectors)
    others = [(model, model.predict(texts[0], vectors[0])) for model in models[1:]]
    opinions = tuple(_opinion(*one) for one in [(models[0], verdicts[0]), *others])
    is_foreign = _may_be_foreign(reading, models[0], policy.classifying.languages)
    return replace(_label(verdicts, policy, is_foreign=is_foreign), opinions=opinions)


def _may_be_foreign(reading: Reading, model: IntentModel, own: Sequence[str]) -> bool:
    """Say whether a message is in another language than the examples, or in too few words to be sure that it is not."""
    if reading.language and reading.language not in own:
        return True
    text = reading.newest or reading.topic
    return looks_foreign(text, own) and model.familiar(text) <= FAMILIAR


def _opinion(model: IntentModel, verdict: Verdict) -> Opinion:
    intent = "" if verdict.is_out_of_scope else verdict.candidates[0].intent
    return Opinion(model.version, intent, verdict.confidence, verdict.is_decided)


def _label(verdicts: Sequence[Verdict], policy: Policy, *, is_foreign: bool) -> Classification:
    whole, *parts = [_known(verdict, policy) for verdict in verdicts]
    if is_foreign:
        return Classification("", 0.0, Stage.NONE, candidates=whole.candidates)
    sure = dict.fromkeys(part.candidates[0].intent for part in parts if part.is_decided and not part.is_out_of_scope)
    if not whole.is_decided:
        return Classification(
            "", whole.confidence, Stage.NONE, whole.is_out_of_scope, tuple(sure), candidates=whole.candidates
        )
    intent = "" if whole.is_out_of_scope else whole.candidates[0].intent
    seconds = tuple(name for name in sure if name != intent)
    return Classification(
        intent, whole.confidence, Stage.ONE, whole.is_out_of_scope, seconds, candidates=whole.candidates
    )


def _known(verdict: Verdict, policy: Policy) -> Verdict:
    """Leave out intents that the taxonomy no longer has; if the best one is gone, nothing is decided."""
    kept = tuple(one for one in verdict.candidates if one.intent in policy.intents)
    is_decided = verdict.is_decided and (verdict.is_out_of_scope or kept[:1] == verdict.candidates[:1])
    return replace(verdict, candidates=kept, is_decided=is_decided)
