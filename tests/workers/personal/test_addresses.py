"""workers.personal.addresses: streets and towns in the shapes of several countries."""

import pytest

from workers.personal.addresses import addresses

FOUND = [
    ("I live at 12 Elm Street, Springfield", "12 Elm Street, Springfield"),
    ("write to P.O. Box 242, Springfield", "P.O. Box 242, Springfield"),
    ("12 Elm Street\nApt. 4\nSpringfield", "12 Elm Street\nApt. 4\nSpringfield"),
    ("ul. Długa 12, Kraków", "ul. Długa 12, Kraków"),
    ("PSC 0725, Box 6031\nAPO AP 96241", "PSC 0725, Box 6031\nAPO AP 96241"),
    ("i live in 1234 mockingbird lane", "1234 mockingbird lane"),
    ("Send it to Goethestraße 12, 60313 Frankfurt", "Goethestraße 12, 60313 Frankfurt"),
    ("Adresse : 14 rue des Lilas, 69003 Lyon", "14 rue des Lilas, 69003 Lyon"),
    ("Vivo en Calle Mayor 5, 28013 Madrid", "Calle Mayor 5, 28013 Madrid"),
    ("meet me at 41 Hofweg 62 Apt. 501 POLSING OO", "41 Hofweg 62 Apt. 501 POLSING"),
    ("to 88 ul. Lipowa 5\nOAKVALE\n, VIC\n Australia 38837", "88 ul. Lipowa 5\nOAKVALE\n, VIC\n Australia 38837"),
    (
        "here: 56 rua josé sá 1 suite 69\nsmall town\n, fa\nfaraway 26933",
        "rua josé sá 1 suite 69\nsmall town\n, fa\nfaraway 26933",
    ),
    ("22 Via delle Coste 41", "22 Via delle Coste 41"),
]
NOT_FOUND = [
    "Version 115 of Thunderbird, Windows 10",
    "Open Settings 3 times",
    "We have 12 seats on Monday",
    "This is on Windows 10",
    "Since January 13, 2025 nothing works",
    "my address book 4",
    "After step 4 the suite of tests shows 3 errors, line 12",
    "It took 10 minutes, then 2 windows opened\nerror 12345",
]


@pytest.mark.parametrize(("text", "address"), FOUND)
def test_an_address(text, address):
    """Number, street and town are found together, if need be with a word too many."""
    assert any(address in text[start:end] for _, start, end in addresses(text))


@pytest.mark.parametrize("text", NOT_FOUND)
def test_numbers_beside_capitals_are_no_address(text):
    """Versions, counts and weekdays stay."""
    assert list(addresses(text)) == []
