"""The configuration of a demo: the product's own, quicker; for somebody else's articles a taxonomy drawn from them."""

import json
import shutil
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from scripts.world.load import Article, World

_OWN = Path(__file__).resolve().parent.parent / "config"
_LEAST_ARTICLES = 2
_EXAMPLES = 24
_QUIET_SECONDS = 1.5


def write_config(folder: Path, world: World, *, is_sample: bool) -> Path:
    """Copy the configuration in force, shorten its quiet time, and draw a taxonomy if the articles are not ours.

    DESKHAND_CONFIG wins over all of it, but for the quiet time.
    """
    import os

    given = os.environ.get("DESKHAND_CONFIG")
    source = Path(given) if given else _OWN
    shutil.copytree(source, folder, ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    policy = (folder / "policy.toml").read_text(encoding="utf-8")
    policy = _set(policy, "[timing.quiet_seconds]", f"default = {_QUIET_SECONDS}")
    if not is_sample and not given:
        (folder / "taxonomy.toml").write_text(draw_taxonomy(world.articles), encoding="utf-8")
        policy = _neutral(policy)
    (folder / "policy.toml").write_text(policy, encoding="utf-8")
    return folder


def _set(text: str, section: str, line: str) -> str:
    head, _, tail = text.partition(section)
    rest = tail.split("\n\n", 1)[1] if "\n\n" in tail else ""
    return f"{head}{section}\n{line}\n\n{rest}"


def _neutral(policy: str) -> str:
    """Take our sample company's name out: the articles are somebody else's."""
    lines = []
    for line in policy.splitlines():
        key = line.partition("=")[0].strip()
        own = {"company": '"the support team"', "product": '""', "signature": '"The support team"'}
        if key == "says_assistant":
            line = 'says_assistant = "This reply was written by an automatic assistant. Reply to reach a person."'
        lines.append(f"{key} = {own[key]}" if key in own else line)
    return "\n".join(lines) + "\n"


def draw_taxonomy(articles: Sequence[Article]) -> str:
    """Write a taxonomy in which each topic of a help centre is an intent, with its articles' titles as examples.

    A start that needs no labels: nothing in it may send, and admins split or merge it as they see fit.
    """
    topics: dict[str, list[Article]] = defaultdict(list)
    for article in articles:
        for topic in article.labels or (article.section,):
            topics[topic].append(article)
    teams = ["[teams.support]", 'group = "Support"', 'description = "Everything"', ""]
    for key, group in (
        ("billing", "Billing"),
        ("technical", "Technical"),
        ("security", "Security & Privacy"),
        ("sales", "Sales"),
    ):
        teams += [f"[teams.{key}]", f'group = "{group}"', ""]
    lines = ["# Drawn from the topics of a help centre.", "", *teams]
    for topic, members in sorted(topics.items()):
        if len(members) < _LEAST_ARTICLES or not topic:
            continue
        words = topic.replace("-", " ").replace("_", " ")
        examples = [
            text
            for a in members[:_EXAMPLES]
            for text in (a.title, a.body.split("\n", 1)[0][:200])
            if len(text.split()) > 2
        ]
        lines += [
            f"[intents.{_key(topic)}]",
            f"description = {json.dumps(f'Questions about {words}')}",
            f"examples = {json.dumps(examples, ensure_ascii=False)}",
            'team = "support"',
            'autonomy = "draft"',
            "",
        ]
    return "\n".join(lines)


def _key(topic: str) -> str:
    return "".join(c if c.isalnum() and c.isascii() else "_" for c in topic.lower()).strip("_")
