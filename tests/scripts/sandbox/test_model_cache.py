"""The prompt cache: what counts as written, what as read, what as neither."""

import pytest

from scripts.sandbox.model_cache import Block, PromptCache, blocks_of, family_of
from scripts.sandbox.model_errors import ApiError

LONG = "rule " * 1000  # 1,250 tokens
SONNET, HAIKU = "claude-sonnet-5-5", "claude-haiku-5-5"


class Time:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def ask(time):
    """Count a request and store what it wrote: (uncached, written, read)."""
    cache = PromptCache(time)

    def ask(*blocks, model=SONNET, is_answered=True):
        counted = cache.count(model, list(blocks))
        if is_answered:
            cache.store(counted)
        return counted.input_tokens, sum(counted.written.values()), counted.read_tokens

    return ask


def test_a_marked_prefix_is_written_once_and_read_then(ask, time):
    """What follows the mark is paid in full each time; five minutes after the last use it is forgotten."""
    assert ask(Block(LONG, "5m"), Block("q" * 40)) == (10, 1250, 0)
    assert ask(Block(LONG, "5m"), Block("r" * 80)) == (20, 0, 1250)
    time.now += 299
    assert ask(Block(LONG, "5m"))[2] == 1250
    time.now += 299
    assert ask(Block(LONG, "5m"))[2] == 1250
    time.now += 301
    assert ask(Block(LONG, "5m"))[1:] == (1250, 0)


def test_an_hour_is_kept_for_an_hour(ask, time):
    """A longer life is counted apart."""
    ask(Block(LONG, "1h"))
    time.now += 3500
    assert ask(Block(LONG, "1h"))[2] == 1250


def test_one_other_letter_or_model_is_another_prefix(ask):
    """Byte for byte, for each model."""
    ask(Block(LONG, "5m"))
    assert ask(Block("x" + LONG, "5m"))[2] == 0
    assert ask(Block(LONG, "5m"), model="claude-sonnet-4")[2] == 0


def test_the_minimum_depends_on_the_model(ask):
    """A shorter prefix is simply not cached, without an error."""
    assert ask(Block(LONG[:4000], "5m")) == (1000, 0, 0)
    assert ask(Block(LONG, "5m"), model=HAIKU) == (1250, 0, 0)
    assert ask(Block(LONG * 4, "5m"), model=HAIKU)[1] == 5000
    assert (family_of(HAIKU), family_of("claude-3-5-sonnet")) == ("haiku", "sonnet")


def test_a_longer_prefix_reads_the_shorter_one(ask):
    """Of a growing conversation only what is new is written; what lies twenty blocks back is out of reach."""
    ask(Block(LONG, "5m"))
    assert ask(Block(LONG), Block("more" * 100, "5m")) == (0, 100, 1250)
    assert ask(Block(LONG), *[Block("x" * 4)] * 19, Block("yyyy", "5m"))[2] == 0
    assert ask(Block(LONG), *[Block("z" * 4)] * 18, Block("yyyy", "5m"))[2] == 1250


def test_two_requests_at_once_both_write(ask):
    """An entry can be read only once the answer that wrote it has begun."""
    assert ask(Block(LONG, "5m"), is_answered=False)[1:] == (1250, 0)
    assert ask(Block(LONG, "5m"))[1:] == (1250, 0)


def test_the_order_is_schema_tools_system_messages():
    """A tool's definition is part of the prefix; an own mark of the request is that of its last block."""
    request = {
        "output_config": {"format": {"schema": {"type": "object"}}},
        "tools": [{"name": "look", "input_schema": {}}],
        "system": "rules",
        "messages": [{"role": "user", "content": [{"type": "text", "text": "q"}]}],
        "cache_control": {"type": "ephemeral"},
    }
    blocks = blocks_of(request)
    assert [("type" in b.text, "look" in b.text) for b in blocks[:2]] == [(True, False), (False, True)]
    assert [(b.text, b.life) for b in blocks[2:]] == [("rules", ""), ("q", "5m")]


@pytest.mark.parametrize(
    ("marks", "words"),
    [
        ([{"type": "ephemeral"}] * 5, "maximum of 4 blocks"),
        ([{"type": "ephemeral"}, {"type": "ephemeral", "ttl": "1h"}], "must not come after"),
        ([{"type": "forever"}], "must be 'ephemeral'"),
        ([{"type": "ephemeral", "ttl": "2h"}], "'5m' or '1h'"),
    ],
)
def test_marks_the_api_refuses(marks, words):
    """Too many, in the wrong order, of an unknown kind."""
    system = [{"type": "text", "text": "x", "cache_control": mark} for mark in marks]
    with pytest.raises(ApiError, match=words):
        blocks_of({"system": system, "messages": []})
    with pytest.raises(ApiError, match="empty text"):
        blocks_of({"system": [{"type": "text", "text": "", "cache_control": {"type": "ephemeral"}}], "messages": []})
