"""Which tool the simulated model uses, and with what."""

import pytest

from scripts.sandbox.model_tools import choose_tool, fill

LOOK = {
    "name": "look_up_order",
    "description": "Look up the status of an order by its number.",
    "input_schema": {"type": "object", "properties": {"order_id": {"type": "string"}}, "required": ["order_id"]},
}
REFUND = {
    "name": "refund_payment",
    "description": "Refund a payment.",
    "input_schema": {
        "type": "object",
        "properties": {"amount": {"type": "number"}, "currency": {"enum": ["EUR", "USD"]}, "email": {"type": "string"}},
        "required": ["amount"],
    },
}


def chosen(user, choice=None, tools=(LOOK, REFUND), before=()):
    request = {"tools": list(tools), "messages": [*before, {"role": "user", "content": user}]}
    tool = choose_tool(request | ({"tool_choice": choice} if choice else {}), user)
    return tool["name"] if tool else None


@pytest.mark.parametrize(
    ("user", "choice", "name"),
    [
        ("What is the status of my order A-1009?", None, "look_up_order"),
        ("What is the status of my order?", None, None),
        ("Good morning", None, None),
        ("Good morning", {"type": "any"}, "look_up_order"),
        ("Good morning", {"type": "tool", "name": "refund_payment"}, "refund_payment"),
        ("What is the status of my order A-1009?", {"type": "none"}, None),
    ],
)
def test_a_tool_is_used_where_it_fits(user, choice, name):
    """By shared words and only with the inputs it needs, unless the request forces one."""
    assert chosen(user, choice) == name


def test_a_tool_is_not_used_twice():
    """Once its result is there, the model answers."""
    use = {"role": "assistant", "content": [{"type": "tool_use", "name": "look_up_order", "id": "t", "input": {}}]}
    assert chosen("What is the status of my order A-1009?", before=[use]) is None


def test_inputs_are_found_in_the_text():
    """By name and type; what does not stand there is left out."""
    assert fill(LOOK["input_schema"], "order A-1009 please") == {"order_id": "A-1009"}
    found = fill(REFUND["input_schema"], "Refund 12.50 usd to a@b.example")
    assert found == {"amount": 12.5, "currency": "USD", "email": "a@b.example"}
    assert fill(REFUND["input_schema"], "Hello") == {}
