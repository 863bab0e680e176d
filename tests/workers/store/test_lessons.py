"""Lessons in SQL: one a ticket, and nothing of a text that was taken back."""

from workers.store.lessons import Lessons


def learned(lessons, now, **other):
    values = {"state": "live", "note": "", "intent": "swap", "question": "Q", "answer": "A"}
    values |= {"message_ids": ("1", "2"), "content_hash": "h1", "now": now}
    return lessons.put("zendesk", "5", **(values | other))


def test_a_ticket_has_one_lesson(engine, now):
    """A second one takes the place of the first, under the same number."""
    lessons = Lessons(engine)
    assert lessons.hash_of("zendesk", "5") == ""
    first = learned(lessons, now)
    assert learned(lessons, now, content_hash="h2", state="refused", note="x" * 500) == first
    assert lessons.hash_of("zendesk", "5") == "h2"
    assert lessons.live_count() == 0


def test_a_lesson_taken_back_leaves_no_text(engine, now):
    """That there was one is all that stays; its hash no longer keeps the same lesson out."""
    lessons = Lessons(engine)
    learned(lessons, now)
    lessons.remove("zendesk", "5", now=now)
    lessons.remove("zendesk", "6", now=now)
    assert (lessons.hash_of("zendesk", "5"), lessons.live_count()) == ("", 0)
    learned(lessons, now)
    assert lessons.live_count() == 1
