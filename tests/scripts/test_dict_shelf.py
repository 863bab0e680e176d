"""The shelf of a measurement keeps its promises as the one in SQL does."""

from kb.domain import Precedent
from scripts.dict_shelf import DictShelf


def test_precedents_are_kept_changed_and_gone() -> None:
    """Each change has a number of its own; what is gone tells so without its text."""
    shelf = DictShelf()
    shelf.keep_precedent(Precedent("1", "Swap", "How?"), b"v", "m")
    shelf.keep_precedent(Precedent("2", "Pay", "When?"), b"v", "other")
    shelf.drop_precedents(["1", "never"])
    assert [(item.precedent.id, item.change, item.is_gone) for item in shelf.precedents_after(0, "m")] == [
        ("2", 2, False),
        ("1", 3, True),
    ]
    assert [item.precedent.subject for item in shelf.precedents_after(2, "m")] == [""]
    assert shelf.precedents(["1", "2"], "m")["2"].vector == b""
