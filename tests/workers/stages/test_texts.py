"""workers.stages.texts: texts cut and counted once."""

from workers.stages.texts import Texts, clause, content, lines_of
from workers.stages.words import tokens

TEXT = "Open **Reports > Payroll** and pick a period. The file is not locked. Exports take 5 minutes."


def test_a_text_is_cut_once() -> None:
    """The same passage is cited again and again, and cut only the first time."""
    assert lines_of(TEXT) is lines_of(TEXT)
    assert [line.plain[0].raw for line in lines_of(TEXT)] == ["Open", "The", "Exports"]


def test_a_line_knows_what_it_denies() -> None:
    """What stands behind "not" is denied; everything else is stated."""
    line = lines_of(TEXT)[1]
    assert line.denied == content(tokens("locked"))
    assert line.stated == content(tokens("file"))


def test_what_is_said_both_ways_is_neither() -> None:
    """A line that closes and does not close says nothing clear about closing."""
    line = lines_of("Close it, for the app does not close it")[0]
    assert not content(tokens("close")) & (line.denied | line.stated)


def test_the_best_place() -> None:
    """The line that shares most; none where nothing is shared."""
    texts = Texts([TEXT])
    assert texts.best_place(tokens("An export takes minutes")) == 2
    assert texts.best_place(tokens("Bananas ripen")) is None


def test_two_lines_may_be_joined() -> None:
    """Words that the best line lacks and another has count; a single word could be chance."""
    texts = Texts([TEXT])
    roots = content(tokens("Exports take minutes, the file is locked"))
    assert texts.in_one_place(roots, 2) == len(roots)


def test_words_of_a_label_stand_together() -> None:
    """A phrase is known in its order; an entry only under its menu."""
    texts = Texts([TEXT])
    assert texts.knows("pick a period")
    assert not texts.knows("period a pick")
    assert texts.leads("Reports", "Payroll")
    assert not texts.leads("Reports", "period")


def test_the_clause_a_sentence_was_taken_from() -> None:
    """Of a much longer line only the part that was used is compared."""
    long = tokens("When the month is over and all shifts are approved the owner can export the payroll file to Xero")
    assert [token.raw for token in clause(tokens("the owner can export"), long)] == ["the", "owner", "can", "export"]
