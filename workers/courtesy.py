"""Pure: the greeting above a letter and the sign-off below it, told apart from what it says."""

import re

# A greeting ends with its first comma: what follows on the same line is the answer.
_GREETING = re.compile(
    r"^\s*(?:hi|hello|hey|dear|good (?:morning|afternoon|evening)|hallo|guten tag|hola|bonjour)\b"
    r"(?:[ \t]+[\w.'’-]+){0,3}[ \t]*[,!:\n]\s*",
    re.IGNORECASE,
)
# A sign-off begins a line or a sentence, and only names and addresses follow it: nothing with the end of a sentence.
_SIGN_OFF = re.compile(
    r"(?:\n|(?<=[.!?])\s)\s*(?:(?:(?:best|kind|warm)\s+)?(?:regards|wishes|cheers|sincerely)\b|viele grüße|saludos"
    r"|(?:best|(?:many )?thanks|thank you)(?=\s*(?:[,!\n]|$)))[,!.]?[^.!?\n]{0,60}(?:\n[^.!?\n]{0,60}){0,5}\s*$",
    re.IGNORECASE,
)


def without_courtesy(text: str) -> str:
    """Return what a letter says. What looks like a sign-off and stands above most of the text is none."""
    told = _GREETING.sub("", text)
    short = _SIGN_OFF.sub("", told)
    is_sign_off = len(short) >= len(told) / 2  # else what looked like one stood above the answer
    return (short if is_sign_off else told).strip()
