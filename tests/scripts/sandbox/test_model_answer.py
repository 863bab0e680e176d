"""Answers on the wire: how they end, what they cost, and how they go wrong."""

import json

import pytest

from scripts.sandbox.model_answer import events, make_message, text_block, tool_block
from scripts.sandbox.model_cache import Counted

REQUEST = {"model": "claude-haiku-5-5", "max_tokens": 100}


def message(text='{"a": "bcd"}', answer="", **request):
    return make_message(REQUEST | request, text_block(text), Counted(7), "req_sandbox_1", answer)


@pytest.mark.parametrize(
    ("answer", "stop_reason", "text"),
    [
        ("truncated", "max_tokens", '{"a": '),
        ("context_full", "model_context_window_exceeded", '{"a": '),
        ("refused", "refusal", None),
        ("wrong_schema", "end_turn", '{"unexpected": true}'),
        ("no_content", "end_turn", None),
        ("blank", "end_turn", "\n \n"),
        ("", "end_turn", '{"a": "bcd"}'),
    ],
)
def test_each_way_to_go_wrong_has_its_shape(answer, stop_reason, text):
    """Stop reason and content are those the API would send."""
    made = message(answer=answer)
    assert made["stop_reason"] == stop_reason
    assert [block["text"] for block in made["content"]] == ([text] if text is not None else [])
    assert made["usage"]["input_tokens"] == 7


def test_broken_json_is_not_json():
    """Whatever the answer was."""
    for text in ('{"a": "bcd"}', "12", ""):
        with pytest.raises(json.JSONDecodeError):
            json.loads(message(text, "invalid_json")["content"][0]["text"])


def test_a_stop_sequence_ends_the_text():
    """The earliest one, which is left out and named."""
    made = message("one two three", stop_sequences=["three", " two"])
    assert (made["content"][0]["text"], made["stop_reason"], made["stop_sequence"]) == ("one", "stop_sequence", " two")


def test_a_tools_use_streams_its_input_as_json():
    """The pieces make the whole input."""
    made = make_message(REQUEST, tool_block("look", {"id": "A1"}, "req_sandbox_1"), Counted(1), "req_sandbox_1")
    assert made["stop_reason"] == "tool_use"
    sent = [json.loads(event.split("data: ")[1]) for event in events(made)]
    pieces = [one["delta"]["partial_json"] for one in sent if one["type"] == "content_block_delta"]
    assert json.loads("".join(pieces)) == {"id": "A1"}
    assert sent[-2]["delta"]["stop_reason"] == "tool_use"


def test_an_error_may_come_after_the_beginning():
    """The stream ends with it, under a status that said all was well."""
    sent = list(events(message("x" * 1000), "error_event", "req_9"))
    assert sent[-1].startswith("event: error\n")
    assert "overloaded_error" in sent[-1]
    assert "req_9" in sent[-1]
