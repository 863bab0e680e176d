"""What can be read out of a request. What is refused stands in test_model.py, over the API."""

from scripts.sandbox.model_request import newest_text, text_of


def test_text_is_what_a_content_says():
    """A string, blocks, or what a tool gave back."""
    assert text_of("a") == "a"
    assert text_of([{"type": "text", "text": "a"}, {"type": "tool_result", "content": "b"}]) == "a\nb"
    assert text_of(None) == ""


def test_a_tools_result_is_read_with_the_question():
    """The result alone says nothing about what was asked."""
    messages = [
        {"role": "user", "content": "Where is order A1?"},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "t", "name": "look", "input": {}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": "On its way"}]},
    ]
    assert newest_text(messages) == "Where is order A1?\n\nOn its way"
    assert newest_text(messages[:1]) == "Where is order A1?"
