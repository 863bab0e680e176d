"""The doorman before a service: whose calls it spoils, and what the books say of them."""

from scripts.sandbox.books import Books
from scripts.sandbox.doorman import Doorman
from scripts.sandbox.faults import Faults, parse


def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"done " + environ["PATH_INFO"].encode()]


def asked(path, *rows, **options):
    """Return status, body and books of one call through a doorman with these faults."""
    books, faults = Books(), Faults()
    faults.replace([parse(row) for row in rows])
    door = Doorman(app, books, faults, service="shop", prefixes=("/api/",), **options)
    seen = []
    body = b"".join(door({"PATH_INFO": path, "REQUEST_METHOD": "GET"}, lambda *head: seen.append(head)))
    return seen[-1][0], body, books.since(0)[0]


def test_a_call_is_booked_with_its_service():
    """Status, path and whether a fault met it; the suffix is dropped first."""
    status, body, entries = asked("/api/x.json", drops_json=True)
    assert (status, body) == ("200 OK", b"done /api/x")
    assert [(e["service"], e["path"], e["status"], e["fault"]) for e in entries] == [("shop", "/api/x", 200, False)]


def test_other_paths_pass_unseen():
    """Pages of people are neither spoilt nor booked."""
    assert asked("/inbox", {"path": "", "status": 500}) == ("200 OK", b"done /inbox", [])


def test_a_fault_of_another_service_is_not_met():
    """One list serves all stand-ins; a fault without a service is anybody's."""
    assert asked("/api/x", {"path": "", "service": "model", "status": 500})[0] == "200 OK"
    assert asked("/api/x", {"path": "", "service": "shop", "status": 500})[0].startswith("500")
    assert asked("/api/x", {"path": "", "status": 503, "body": "away"})[:2] == ("503 Fault", b"away")


def test_a_service_words_its_own_faults():
    """The stand-in's function gives headers and body; headers of the fault win."""
    status, body, entries = asked(
        "/api/x", {"path": "", "status": 429}, stand_in=lambda fault: ({"X": "1"}, b"%d" % fault.status)
    )
    assert (status, body, entries[0]["fault"]) == ("429 Fault", b"429", True)
