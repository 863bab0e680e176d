"""CPU time of the plain checks of a reply, of masking and of the screen: `python -m tests.bench.bench_check`.

CPU rather than wall time, so that other work on the machine does not count.
"""

import time
from collections.abc import Callable
from pathlib import Path
from statistics import median, quantiles

from config.policy import load_policy
from scripts.evaluate_groundedness import judge
from scripts.evaluate_injection import is_flagged
from workers.personal_data import find_personal_data
from workers.stages.texts import lines_of
from workers.stages.words import sentences

ARTICLES = sorted(Path("scripts/world/articles").glob("*.md"))
SENTENCES = 6  # of a reply
WORDS = 500  # of the passages it cites


def milliseconds(work: Callable[[int], object], times: int) -> str:
    """Run the work for each number and return its median and 95th percentile."""
    spent = []
    for number in range(times):
        began = time.process_time()
        work(number)
        spent.append((time.process_time() - began) * 1000)
    return f"median {median(spent):5.2f} ms, p95 {quantiles(spent, n=20)[-1]:5.2f} ms of CPU"


def main() -> None:
    texts = [path.read_text(encoding="utf-8").split("+++")[2] for path in ARTICLES]
    check = judge(load_policy(Path("config")))

    def case(number: int) -> dict[str, str]:
        context = "\n".join((texts * 2)[number % len(texts) : number % len(texts) + 3])
        context = context[: WORDS * 6]
        return {"context": context, "answer": " ".join(sentences(context)[2 : 2 + SENTENCES])}

    def first(number: int) -> None:
        lines_of.cache_clear()
        check(case(number))

    check(case(0))
    print("a reply against new passages    ", milliseconds(first, 200))
    print("a reply against known passages  ", milliseconds(lambda _: check(case(3)), 200))
    find_personal_data(texts[0])
    print("masking an article              ", milliseconds(lambda n: find_personal_data(texts[n % len(texts)]), 200))
    print("reading a message, with screen  ", milliseconds(lambda n: is_flagged({"text": texts[n % len(texts)]}), 200))


if __name__ == "__main__":
    main()
