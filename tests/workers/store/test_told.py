"""A reason in the record has words, in whatever form it was written."""

from workers.domain import Code
from workers.store.told import told


def test_reasons_are_read_in_every_form_and_said_in_words():
    """Text and tables are read alike; a code of another release is shown as it stands."""
    assert told("out_of_office").words == "the message is an out-of-office reply"
    assert told({"code": "rule", "detail": "chargeback"}) == told("rule:chargeback")
    assert told("newly_made:x").words == "newly made x"


def test_every_reason_has_words():
    """No code of this release is shown bare."""
    assert [code.value for code in Code if told(code.value).words == code.value.replace("_", " ")] == []
