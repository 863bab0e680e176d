"""History: what staff sent for similar tickets counts, as much as there is of it, and can be taken back."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from kb.domain import Filter, Precedent, ShelvedPrecedent
from kb.history import FEW, History, histories
from tests.fakes.embedder import HashEmbedder
from tests.fakes.shelf import MemoryShelf

NOW = datetime(2026, 3, 1, tzinfo=UTC)
ANY = Filter(at=NOW)
EMBEDDER = HashEmbedder()


def vector(text: str) -> np.ndarray:
    return EMBEDDER.embed([text])[0]


def ticket(name: str, text: str, sent: str = "", days: float = 1, **other: object) -> ShelvedPrecedent:
    fields = {"documents": {sent: 1.0} if sent else {}, "asked_at": NOW - timedelta(days=days)} | other
    return ShelvedPrecedent(Precedent(name, "", text, **fields), vector(text).tobytes(), 1)  # type: ignore[arg-type]


def history(*items: ShelvedPrecedent) -> History:
    made = History(EMBEDDER.dimension)
    for item in items:
        made.add(item)
    return made


SWAPS = [ticket(f"s{n}", f"swap my shift with colleague {n}", "swap") for n in range(8)]
PAYS = [ticket(f"p{n}", f"export payroll timesheets fails {n}", "pay") for n in range(8)]


def test_similar_tickets_vote_and_the_count_is_told() -> None:
    """The article of the alike tickets wins, and a note can say how often staff sent it."""
    votes = history(*SWAPS, *PAYS).votes(vector("swap my shift please"), ANY)
    assert votes.share["swap"] > 5 * votes.share.get("pay", 0)
    assert (votes.sent["swap"], votes.of) == (8, 10)


def test_a_short_history_says_little() -> None:
    """With one ticket the say is small; it grows with what there is to learn from."""
    one = history(SWAPS[0]).votes(vector("swap my shift with colleague 0"), ANY).share["swap"]
    eight = history(*SWAPS).votes(vector("swap my shift with colleague 0"), ANY).share["swap"]
    assert 0 < one < 1 / FEW + 0.01 < eight < 1


def test_a_question_about_something_else_learns_nothing() -> None:
    """Tickets that have nothing in common with the question have no say to speak of."""
    votes = history(*SWAPS).votes(vector("invoice address wrong"), ANY)
    assert votes.share["swap"] < 0.01


def test_what_staff_called_wrong_is_pushed_down() -> None:
    """A flagged article gets votes against it, and is not counted as sent."""
    flagged = ticket("w", "swap my shift with colleague", "", documents={"old": -1.0})
    votes = history(*SWAPS, flagged).votes(vector("swap my shift with colleague"), ANY)
    assert votes.share["old"] < 0 < votes.share["swap"]
    assert not votes.sent["old"]


@pytest.mark.parametrize(
    ("other", "wanted"),
    [
        ({"brand_id": "2"}, Filter(brand_id="1", at=NOW)),
        ({"days": -1}, ANY),
        ({"days": 0}, ANY),
    ],
)
def test_other_brands_and_later_tickets_say_nothing(other: dict[str, object], wanted: Filter) -> None:
    """Neither votes nor similar tickets come from another brand or from the future."""
    known = history(ticket("1", "swap my shift", "swap", **other))  # type: ignore[arg-type]
    assert not known.votes(vector("swap my shift"), wanted).share
    assert known.similar(vector("swap my shift"), "", "swap my shift", wanted, 5) == []


def test_brands_see_their_own_and_what_is_nobodys() -> None:
    """A ticket without a brand serves all, and a question without one may learn from all."""
    known = history(ticket("1", "swap my shift", "a"), ticket("2", "swap my shift", "b", brand_id="1"))
    assert set(known.votes(vector("swap my shift"), Filter(brand_id="1")).share) == {"a", "b"}
    assert set(known.votes(vector("swap my shift"), Filter()).share) == {"a", "b"}


def test_newer_tickets_weigh_more() -> None:
    """Of two equal ones the newer has more say, and stands first among the similar."""
    known = history(ticket("old", "swap my shift", "a", days=700), ticket("new", "swap my shift", "b", days=1))
    share = known.votes(vector("swap my shift"), ANY).share
    assert share["b"] > share["a"]
    found = known.similar(vector("swap my shift"), "", "swap my shift", ANY, 5)
    assert [precedent.id for precedent, _ in found] == ["new", "old"]


def test_shared_words_bring_tickets_together() -> None:
    """Equally near in meaning: the one with the same rare words comes first, by its code even from far away."""
    same = vector("anything").tobytes()
    plain, coded = (
        ShelvedPrecedent(Precedent(n, "", text), same) for n, text in (("1", "alpha"), ("2", "ERR-77 beta"))
    )
    found = history(plain, coded).similar(vector("anything"), "", "what is ERR-77", Filter(), 5)
    assert found[0][0].id == "2"
    crowd = [ticket(f"c{n}", f"word {n}") for n in range(300)]
    far = ShelvedPrecedent(Precedent("far", "", "ERR-77 beta"), (-vector("word")).tobytes())
    found = history(*crowd, far).similar(vector("word"), "", "ERR-77 beta", Filter(), 400, least=-2)
    assert "far" in [precedent.id for precedent, _ in found]


def test_only_alike_tickets_are_shown() -> None:
    """What shares no more than the product is left out."""
    assert history(*PAYS).similar(vector("swap my shift"), "", "swap my shift", ANY, 5) == []


def test_a_ticket_is_replaced_and_forgotten() -> None:
    """The same ticket counts once, as it was last; forgotten, not at all, and nothing of its text is left."""
    known = history(*SWAPS[:3])
    known.add(ticket("s0", "swap my shift with colleague 0", "new"))
    assert len(known) == 3
    assert known.votes(vector("swap my shift with colleague 0"), ANY).sent == {"swap": 2, "new": 1}
    known.drop("s0")
    assert "new" not in known.votes(vector("swap my shift with colleague 0"), ANY).share
    assert "colleague 0" not in str(known._rows)


def test_it_grows_beyond_its_first_size() -> None:
    """Room is made as tickets come, and what was there before stays."""
    known = history(*(ticket(f"t{n}", f"word{n} subject{n}", f"d{n}") for n in range(200)))
    assert max(known.votes(vector("word3 subject3"), ANY).share.items(), key=lambda pair: pair[1])[0] == "d3"


def test_workers_read_only_what_is_new() -> None:
    """The second look asks for the changes since the first, and hears of what is gone."""
    shelf = MemoryShelf()
    level = histories(shelf, EMBEDDER.name, EMBEDDER.dimension, 0)
    shelf.keep_precedent(SWAPS[0].precedent, SWAPS[0].vector, EMBEDDER.name)
    first = level.current()
    assert (len(first), first.change) == (1, 1)
    shelf.keep_precedent(PAYS[0].precedent, PAYS[0].vector, EMBEDDER.name)
    assert level.current() is first
    assert (len(first), first.change) == (2, 2)
    shelf.drop_precedents(["s0"])
    assert len(level.current()) == 1


def test_what_is_dead_is_swept_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """After many changes to few tickets the copy in memory is made anew, and says the same."""
    monkeypatch.setattr("kb.history._MANY_DEAD", 2)
    shelf = MemoryShelf()
    level = histories(shelf, EMBEDDER.name, EMBEDDER.dimension, 0)
    for _ in range(9):
        shelf.keep_precedent(SWAPS[0].precedent, SWAPS[0].vector, EMBEDDER.name)
        level.current()
    assert len(level.current()._rows) < 6
    assert level.current().votes(vector("swap my shift with colleague 0"), ANY).sent == {"swap": 1}


def test_another_models_vectors_say_nothing() -> None:
    """Vectors of different models are never compared: such a ticket waits until it is embedded anew."""
    shelf = MemoryShelf()
    shelf.keep_precedent(SWAPS[0].precedent, SWAPS[0].vector, "another-1")
    assert len(histories(shelf, EMBEDDER.name, EMBEDDER.dimension, 0).current()) == 0


def settled(*items: ShelvedPrecedent) -> History:
    made = history(*items)
    made.settle()
    return made


def test_habits_join_the_neighbours() -> None:
    """Once habits are learned, an article of many alike tickets gains on that of one odd neighbour."""
    odd = ticket("o", "swap my shift with colleague", "odd")
    before, after = history(*SWAPS, *PAYS, odd), settled(*SWAPS, *PAYS, odd)
    asked = vector("swap my shift with colleague")
    shares = [made.votes(asked, ANY).share for made in (before, after)]
    assert shares[1]["swap"] / shares[1]["odd"] > shares[0]["swap"] / shares[0]["odd"]


def test_a_question_from_before_them_is_not_answered_by_later_habits() -> None:
    """A past ticket that is played again is judged by what was known then."""
    wanted = Filter(at=NOW - timedelta(days=40))
    old = ticket("old", "swap my shift with colleague", "swap", days=50)
    assert "pay" not in settled(old, *SWAPS, *PAYS).votes(vector("swap my shift"), wanted).share


def test_a_forgotten_ticket_leaves_the_habits() -> None:
    """Habits that were learned from a ticket are learned again as soon as it is gone."""
    made = settled(*SWAPS[:3], *PAYS)
    made.drop("s0")
    made.settle()
    assert made.votes(vector("export payroll timesheets fails"), ANY).share.keys() == {"pay"} | {"swap"}
    assert made._habits is None  # two tickets are no habit, and one document alone leaves nothing to choose between


def test_a_few_new_tickets_wait() -> None:
    """Habits are learned again only when the history has grown by enough to matter."""
    made = settled(*SWAPS, *PAYS, *(ticket(f"q{n}", f"print the rota {n}", "print") for n in range(30)))
    known = made._habits
    made.add(ticket("new", "swap my shift", "swap"))
    made.settle()
    assert made._habits is known
    for number in range(3):
        made.add(ticket(f"n{number}", "swap my shift", "swap"))
    made.settle()
    assert made._habits is not known
