"""`deskhand evaluate groundedness`: how well the plain checks tell answers that stand in their text from others."""

import argparse
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sklearn.metrics import roc_auc_score

from config.policy import Policy, load_policy
from config.settings import load_settings
from kb.domain import Passage, Source
from scripts.cases import by_kind, read_cases, share, show, timed
from scripts.output import add_json_argument, write_json
from workers.domain import Draft, Findings, MessageKind, Reading, Sentence
from workers.stages.check import check, is_grounded
from workers.stages.words import sentences

SUPPORTED, UNSUPPORTED = "supported", "unsupported"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--cases", required=True, type=Path, metavar="FILE", help="JSON Lines: context, answer, label")
    add_json_argument(parser)


def run(args: argparse.Namespace) -> int:
    policy = load_policy(load_settings().config)
    rows = read_cases(args.cases, ("context", "answer", "label"))
    cases = [row for row in rows if row["label"] in (SUPPORTED, UNSUPPORTED)]
    found, milliseconds = timed(judge(policy), cases, name="checking")
    result = figures(cases, found) | {"ms_per_case": milliseconds}
    write_json(args.json, result)
    show(f"{len(cases)} answers held against their texts", result, on_stderr=args.json == "-")
    return 0


def judge(policy: Policy) -> Callable[[dict[str, Any]], Findings]:
    """Return the check of a live draft, for an answer all of whose sentences cite the one text.

    Links to hosts of the text are allowed, as an operator allows the hosts that their own articles link to.
    """
    empty = Reading("1", MessageKind.QUESTION, "", "", "", (), "", ())

    def check_one(case: dict[str, Any]) -> Findings:
        passage = Passage("1", "1", Source.ARTICLE, "", (), str(case["context"]), "", 1.0)
        said = tuple(Sentence(text, ("P1",)) for text in sentences(str(case["answer"])))
        hosts = tuple(re.findall(r"https?://([\w.-]+)", passage.text))
        answering = policy.answering.model_copy(update={"allowed_hosts": (*policy.answering.allowed_hosts, *hosts)})
        return check(Draft(said), [passage], empty, policy.model_copy(update={"answering": answering}))

    return check_one


def figures(cases: list[dict[str, Any]], found: list[Findings]) -> dict[str, Any]:
    """Compute what CONTRACT names, of catching unsupported answers; None where the file has no row for it."""
    is_wrong = [case["label"] == UNSUPPORTED for case in cases]
    is_caught = [not is_grounded(one) for one in found]
    pairs = list(zip(cases, is_wrong, is_caught, strict=True))
    recall = share(caught for _, wrong, caught in pairs if wrong)
    let_through = share(not caught for _, wrong, caught in pairs if not wrong)
    precision = share(wrong for _, wrong, caught in pairs if caught)
    has_both = recall is not None and let_through is not None
    return {
        "precision": precision,
        "recall": recall,
        "f1": _f1(precision, recall),
        "balanced_accuracy": round((recall + let_through) / 2, 4) if has_both else None,  # type: ignore[operator]
        "auroc": round(float(roc_auc_score(is_wrong, [-one.grounding for one in found])), 4) if has_both else None,
        "supported_let_through": let_through,
        "by_kind": by_kind(((str(case.get("kind", "")), c) for case, wrong, c in pairs if wrong), "recall"),
        "by_supported_kind": by_kind(
            ((str(case.get("kind", "")), not c) for case, wrong, c in pairs if not wrong), "let_through"
        ),
    }


def _f1(precision: float | None, recall: float | None) -> float | None:
    if precision is None or recall is None or not precision + recall:
        return None
    return round(2 * precision * recall / (precision + recall), 4)
