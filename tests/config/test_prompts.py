"""Prompt files declare their inputs, and a call that does not fit is an error."""

import pytest

from config.prompts import PromptError, load_prompt

TEXT = '+++\ninputs = ["taxonomy", "question"]\n+++\n## system\nIntents: {{taxonomy}}\n## user\n{{ question }}\n'


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "classify.md").write_text(TEXT)
    return tmp_path


def test_values_are_put_in_once(folder):
    """A value that looks like a slot stays text."""
    prompt = load_prompt(folder, "classify")
    rendered = prompt.render({"taxonomy": "a, b", "question": "what is {{taxonomy}}?"})
    assert rendered == ("Intents: a, b", "what is {{taxonomy}}?")


@pytest.mark.parametrize("values", [{"taxonomy": ""}, {"taxonomy": "", "question": "", "more": ""}])
def test_missing_and_undeclared_values_are_errors(folder, values):
    """A call gives exactly the declared inputs."""
    with pytest.raises(PromptError, match="classify"):
        load_prompt(folder, "classify").render(values)


@pytest.mark.parametrize(
    "text",
    ["no head", TEXT.replace('"question"', '"other"'), TEXT.replace("## user", "## you"), "+++\nx = 1\n+++\n"],
)
def test_a_file_that_does_not_fit_is_named(folder, text):
    """Head, parts and slots belong together."""
    (folder / "classify.md").write_text(text)
    with pytest.raises(PromptError, match=r"classify\.md"):
        load_prompt(folder, "classify")


def test_the_hash_covers_the_file(folder):
    """Any change of the file is another prompt."""
    before = load_prompt(folder, "classify").hash
    (folder / "classify.md").write_text(TEXT.replace("Intents", "Labels"))
    assert load_prompt(folder, "classify").hash != before
