"""Transport over real sockets: what each failure becomes, and that no call outlives its deadline."""

import gzip
import json
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.errors import ConflictError, IntegrationError, NotFoundError, PermanentError, TransientError
from integrations.transport import (
    MAX_BODY_BYTES,
    MAX_RETRY_AFTER_SECONDS,
    FixedAuth,
    Transport,
    explain,
    retry_after_seconds,
)
from scripts.processes import free_port
from tests.fakes.raw_server import drip, flood, hang, hang_up, raw, raw_server, reply, reply_then_close

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def transport(url: str, **options: Any) -> Transport:
    return Transport(url, FixedAuth("Bearer secret-token"), vendor="acme", **{"timeout_seconds": 2.0, **options})


def error_of(transport: Transport, method: str = "GET", **options: Any) -> IntegrationError:
    with pytest.raises(IntegrationError) as caught:
        transport.call(method, "/things", operation="read things", **options)
    return caught.value


def test_a_good_answer_is_decoded_and_what_was_sent_is_complete():
    """A call sends auth, agent, query and JSON body, and returns the JSON of the answer with its request id."""
    with raw_server(reply(body=b'{"a": [1]}', X_Request_Id="r-1")) as server:
        answer = transport(server.url, user_agent="deskhand/1").call(
            "PUT", "/things/1", params={"page[size]": "100"}, json={"ü": None}
        )
    first, headers, body = server.requests[0]
    assert (answer.body, answer.status, answer.request_id) == ({"a": [1]}, 200, "r-1")
    assert answer.at is None

    assert first == "PUT /things/1?page%5Bsize%5D=100 HTTP/1.1"
    assert headers["authorization"] == "Bearer secret-token"
    assert headers["user-agent"] == "deskhand/1"
    assert json.loads(body) == {"ü": None}


@pytest.mark.parametrize(
    ("header", "seen"),
    [
        ("Fri, 20 Nov 2026 12:00:07 GMT", datetime(2026, 11, 20, 12, 0, 7, tzinfo=UTC)),
        ("yesterday", None),
        ("Fri, 20 Nov 2026 12:00:07 -0000", None),
    ],
)
def test_the_vendors_clock_is_told_with_its_answer(header, seen):
    """A clock that says nothing certain is left out: ours is then what there is."""
    with raw_server(reply(Date=header)) as server:
        assert transport(server.url).call("GET", "/x").at == seen


@pytest.mark.parametrize("status", ["204 No Content", "200 OK"])
def test_an_empty_answer_is_none(status):
    """A success without a body, as after a DELETE, is None."""
    with raw_server(reply(status, b"")) as server:
        assert transport(server.url).delete("/things/1") is None


def test_json_labelled_as_text_is_still_json():
    """The type label of an answer is not believed: JSON is parsed by trying."""
    with raw_server(reply(body=b"[1]", Content_Type="text/plain")) as server:
        assert transport(server.url).get("/things") == [1]


@pytest.mark.parametrize(
    ("status", "kind", "maybe_done_on_write"),
    [
        (400, PermanentError, None),
        (401, PermanentError, None),
        (403, PermanentError, None),
        (404, NotFoundError, None),
        (410, NotFoundError, None),
        (409, ConflictError, None),
        (413, PermanentError, None),
        (422, PermanentError, None),
        (301, PermanentError, None),
        (302, PermanentError, None),
        (408, TransientError, True),
        (425, TransientError, False),
        (429, TransientError, False),
        (500, TransientError, True),
        (502, TransientError, True),
        (503, TransientError, True),
        (504, TransientError, True),
        (529, TransientError, True),
    ],
)
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_each_status_becomes_one_kind_of_failure(status, kind, maybe_done_on_write, method):
    """A status decides the kind of failure, whether a write may have been done, and no status is repeated."""
    with raw_server(reply(f"{status} X", b"<html>oops</html>", Location="http://127.0.0.1:1/")) as server:
        error = error_of(transport(server.url), method)
    assert type(error) is kind
    assert (error.vendor, error.operation) == ("acme", "read things")
    assert len(server.requests) == 1
    if isinstance(error, PermanentError):
        assert error.status == status
    if isinstance(error, TransientError):
        assert error.maybe_done is (method == "PUT" and maybe_done_on_write)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("5", 5.0),
        ("0", 0.0),
        (" 1.5 ", 1.5),
        ("-3", 0.0),
        ("NaN", None),
        ("inf", MAX_RETRY_AFTER_SECONDS),
        ("1e400", MAX_RETRY_AFTER_SECONDS),
        ("9" * 5000, MAX_RETRY_AFTER_SECONDS),
        ("Fri, 20 Nov 2026 12:00:30 GMT", 30.0),
        ("Fri, 20 Nov 2026 12:00:30", 30.0),
        ("Fri, 20 Nov 2020 12:00:30 GMT", 0.0),
        ("Fri, 20 Nov 2099 12:00:30 GMT", MAX_RETRY_AFTER_SECONDS),
        ("soon", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_read_in_every_form(value, seconds):
    """Whole and broken seconds and dates are read, nonsense is none, and the rest is clamped."""
    assert retry_after_seconds(value, now=NOW) == seconds


@given(st.text())
def test_no_retry_after_breaks_the_reader(value):
    """Any text at all gives nothing or a number within bounds."""
    seconds = retry_after_seconds(value, now=NOW)
    assert seconds is None or 0 <= seconds <= MAX_RETRY_AFTER_SECONDS


def test_retry_after_reaches_the_error_and_limits_are_kept():
    """A 429 in plain text says when to come back, and the newest rate-limit headers are kept for who wants to know."""
    answer = reply(
        "429 Too Many",
        b"Number of allowed API requests per minute exceeded",
        Retry_After="17",
        X_Rate_Limit="700",
        ratelimit_remaining="0",
        Zendesk_RateLimit_Tickets_Update="total=100; remaining=99; resets=41",
        X_Other="1",
    )
    with raw_server(answer) as server:
        client = transport(server.url)
        error = error_of(client, "PUT")
    assert isinstance(error, TransientError)
    assert error.retry_after_seconds == 17
    assert "allowed API requests" in str(error)
    assert client.last_limits == {
        "x-rate-limit": "700",
        "ratelimit-remaining": "0",
        "zendesk-ratelimit-tickets-update": "total=100; remaining=99; resets=41",
    }
    assert error.limit == "account"
    (left,) = client.limits()
    assert (left.name, left.remaining) == ("tickets-update", 99)


def test_a_budget_ends_by_the_clock_of_the_vendor_that_tells_its_end():
    """A clock of ours that is years behind does not stop us for longer than the window has left."""
    date = "Fri, 20 Nov 2099 09:00:00 GMT"
    reset = str(int(datetime(2099, 11, 20, 9, 0, 7, tzinfo=UTC).timestamp()))
    answer = reply(X_RateLimit_Limit="167", X_RateLimit_Remaining="3", X_RateLimit_Reset=reset, Date=date)
    with raw_server(answer) as server:
        client = transport(server.url)
        client.get("/things")
    (left,) = client.limits()
    assert 6 < left.resets_seconds <= 7


def test_a_refusal_names_the_budget_that_is_spent():
    """Without a Retry-After the end of that budget's window is when to come back; one ticket's budget is not kept."""
    answer = reply("429 No", b"no", Zendesk_RateLimit_Per_Ticket_Updates="total=30; remaining=0; resets=41")
    with raw_server(answer) as server:
        client = transport(server.url)
        error = error_of(client, "PUT")
    assert (error.limit, error.retry_after_seconds, client.limits()) == ("per-ticket-updates", 41, ())


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"error": "RecordNotFound", "description": "Not found"}, ": RecordNotFound Not found"),
        ({"error": {"title": "Forbidden", "message": "No access"}}, ": Forbidden No access"),
        ({"errors": [{"code": "TooMany", "title": "Slow", "detail": "down"}]}, ": TooMany Slow down"),
        ({"error": "invalid_token", "error_description": "expired"}, ": invalid_token expired"),
        (
            {"error": "RecordInvalid", "details": {"status": [{"description": "closed", "error": "ClosedTicket"}]}},
            ": RecordInvalid ClosedTicket closed",
        ),
        ({"error": "RecordInvalid", "details": {"status": []}}, ": RecordInvalid"),
        ({"error": 7, "details": "x"}, ""),
        ("just text", ": just text"),
        ([1, 2], ""),
    ],
)
def test_every_error_envelope_is_understood(body, words):
    """The three JSON envelopes give their words; shapes nobody promised give nothing and break nothing."""
    assert explain(json.dumps(body).encode()) == words


@pytest.mark.parametrize("raw_body", [b"<html><h1>502</h1></html>", b"", b"\xff\xfe", b"[" * 100_000])
def test_a_web_page_or_noise_says_little(raw_body):
    """An HTML page is not copied into an error, and noise stays short and printable."""
    words = explain(raw_body)
    assert "<" not in words
    assert len(words) <= 210
    assert words.isprintable()


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_nobody_listening_is_transient_and_surely_not_done(method):
    """A refused connection was never a write."""
    error = error_of(transport(f"http://127.0.0.1:{free_port()}"), method)
    assert isinstance(error, TransientError)
    assert not error.maybe_done


@pytest.mark.parametrize("method", ["GET", "PUT", "POST", "PATCH", "DELETE"])
@pytest.mark.parametrize(
    "script",
    [hang(3), hang_up, raw(b"garbage\r\n\r\n"), raw(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{")],
    ids=["hangs", "hangs up", "is no HTTP", "cuts the body"],
)
def test_a_lost_answer_to_a_write_may_have_been_done(method, script):
    """Once the request went out, a write may have been carried out whatever broke after."""
    with raw_server(script) as server:
        error = error_of(transport(server.url, timeout_seconds=0.4), method)
    assert isinstance(error, TransientError)
    assert error.maybe_done is (method != "GET")
    assert len(server.requests) == 1


def test_a_call_that_changes_nothing_is_never_maybe_done():
    """A POST that is declared harmless, such as asking for a token, does not make a ticket write doubtful."""
    with raw_server(hang_up) as server:
        error = error_of(transport(server.url), "POST", changes_data=False)
    assert isinstance(error, TransientError)
    assert not error.maybe_done


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b" " * 1000,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\n \r\n" * 200,
        b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 90,
    ],
    ids=["body", "chunks", "headers"],
)
def test_a_dripping_answer_ends_at_the_deadline(data):
    """A server that sends a byte now and then holds a call no longer than its total deadline, headers included."""
    with raw_server(drip(data, 0.05)) as server:
        began = time.monotonic()
        error = error_of(transport(server.url, timeout_seconds=0.5), "PUT")
        took = time.monotonic() - began
    assert isinstance(error, TransientError)
    assert error.maybe_done
    assert "no answer in time" in str(error)
    assert 0.4 < took < 1.5


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_an_endless_or_inflated_body_is_cut(method):
    """A body beyond the limit is not read to its end, also when it only grows while it is unpacked."""
    bomb = gzip.compress(b" " * (MAX_BODY_BYTES + 1))
    with raw_server(reply(body=bomb, Content_Encoding="gzip")) as server:
        error = error_of(transport(server.url, timeout_seconds=10), method)
    assert "too long" in str(error)
    assert isinstance(error, TransientError if method == "PUT" else PermanentError)


def test_a_body_without_an_end_is_left_at_the_limit():
    """Reading stops where the limit is passed, not at the deadline."""
    with raw_server(flood) as server:
        error = error_of(transport(server.url, timeout_seconds=60))
    assert isinstance(error, PermanentError)
    assert "too long" in str(error)


def test_a_netrc_file_has_no_say(tmp_path, monkeypatch):
    """Credentials lying about on the machine are not sent to a vendor."""
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with raw_server(reply()) as server:
        Transport(server.url).get("/things")
    assert "authorization" not in server.requests[0][1]


@pytest.mark.parametrize("body", [b"<html>Please log in</html>", b'{"a": ', b"\xff", b"NaN", b"[" * 100_000])
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_a_success_that_is_not_json_is_doubtful(body, method):
    """A 200 with a web page or a broken body is transient, and for a write to be read back."""
    with raw_server(reply(body=body)) as server:
        error = error_of(transport(server.url), method)
    assert isinstance(error, TransientError)
    assert error.maybe_done is (method == "PUT")


def test_connections_are_kept_and_a_dropped_one_is_replaced_once_for_a_read():
    """A read that meets a connection the vendor closed meanwhile is made again at once, on a new connection."""
    with raw_server(reply(), hang_up, reply(body=b"[2]")) as server:
        client = transport(server.url)
        client.get("/things")
        assert client.get("/things") == [2]
    assert server.connections == 2
    assert len(server.requests) == 3


def test_a_write_on_a_dropped_connection_is_not_repeated():
    """The same accident on a write is left to the caller, who reads back first."""
    with raw_server(reply(), hang_up, reply()) as server:
        client = transport(server.url)
        client.get("/things")
        error = error_of(client, "PUT")
    assert isinstance(error, TransientError)
    assert error.maybe_done
    assert len(server.requests) == 2


def test_a_connection_closed_in_between_is_noticed_before_a_write():
    """A connection closed while idle is replaced before anything is sent, so a write goes through."""
    with raw_server(reply_then_close(), reply(body=b"[1]")) as server:
        client = transport(server.url)
        client.get("/things")
        time.sleep(0.1)
        assert client.put("/things/1", json={}) == [1]


class Renewing:
    """Credentials whose first token the vendor no longer takes."""

    def __init__(self, works: bool) -> None:
        self.token, self.works = "old", works

    def header(self) -> str:
        return f"Bearer {self.token}"

    def renew(self, refused: str) -> bool:
        assert refused == "Bearer old"
        self.token = "new"
        return self.works


def test_renewed_credentials_are_tried_once():
    """After a 401 the call is made once more with the new token, and a second 401 is final."""
    with raw_server(reply("401 No"), reply(body=b"[1]")) as server:
        assert Transport(server.url, Renewing(works=True)).put("/things/1") == [1]
        assert [headers["authorization"] for _, headers, _ in server.requests] == ["Bearer old", "Bearer new"]
    with raw_server(reply("401 No")) as server:
        assert error_of(Transport(server.url, Renewing(works=False))).status == 401  # type: ignore[attr-defined]


def test_cookies_are_not_kept_and_redirects_not_followed():
    """A vendor can neither plant a session nor send our credentials to another host."""
    with (
        raw_server() as other,
        raw_server(
            reply(Set_Cookie="session=1; Path=/"), reply("302 Found", Location="http://elsewhere.invalid/")
        ) as server,
    ):
        client = transport(server.url)
        client.get("/things")
        assert isinstance(error_of(client), PermanentError)
        assert "cookie" not in server.requests[1][1]
    assert other.requests == []


def test_no_secret_stands_in_an_error_or_a_repr():
    """Neither the token nor the text that was sent appears in what a failure says."""
    client = Transport("http://127.0.0.1:1", FixedAuth("Bearer secret\ntoken"), vendor="acme")
    error = error_of(client, "PUT", json={"text": "private words"})
    assert isinstance(error, PermanentError)
    assert "secret" not in str(error) + repr(FixedAuth("secret"))
    assert "private" not in str(error_of(transport(f"http://127.0.0.1:{free_port()}"), "PUT", json="private words"))


def test_ten_threads_share_one_transport():
    """Answers do not get mixed up between threads that share a transport."""
    count = 60
    scripts = [reply(body=b"{}") for _ in range(count)]
    with raw_server(*scripts) as server, ThreadPoolExecutor(10) as pool:
        client = transport(server.url, timeout_seconds=10)
        answers = list(pool.map(lambda n: client.put(f"/things/{n}", json=n), range(count)))
    assert answers == [{}] * count
    assert sorted(json.loads(body) for _, _, body in server.requests) == list(range(count))
    assert server.connections <= 16


def fetched(server_url: str, path: str = "/attachments/1/a.log", **options: Any) -> bytes:
    return transport(server_url).fetch(f"{server_url}{path}", ("files.example",), **{"most_bytes": 1000, **options})


def test_a_file_at_our_own_address_is_fetched_with_credentials():
    """The bytes come as they are, and nothing may pack them on their way."""
    with raw_server(reply(body=b"TM-2010 \x00")) as server:
        assert fetched(server.url) == b"TM-2010 \x00"
    _, headers, _ = server.requests[0]
    assert (headers["authorization"], headers["accept-encoding"]) == ("Bearer secret-token", "identity")


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/attachments/1",
        "http://169.254.169.254/latest/meta-data",
        "https://files.example@evil.example/a",
        "https://evil.example/files.example",
        "https://notfiles.example/a",
        "http://files.example/a",
        "https://files.example:8443/a",
        "https://[broken/a",
        "ftp://files.example/a",
        "{own}/api/v2/users.json",
        "{own}/attachments/../api/v2/users.json",
        "{own}/attachments/%2e%2e/api/v2/users.json",
        "{own}/attachments//evil",
        "",
    ],
)
def test_a_file_anywhere_else_is_not_asked_for(url):
    """Neither another host, nor a private one, nor anything at our own address that is no file."""
    with raw_server(reply()) as server, pytest.raises(PermanentError, match="lies elsewhere"):
        transport(server.url).fetch(url.replace("{own}", server.url), ("files.example",), most_bytes=10)
    assert server.requests == []


def test_a_vendors_host_that_leads_into_a_private_network_is_not_asked(monkeypatch):
    """A name is worth what it resolves to; one address that is not public is one too many."""
    found = [(0, 0, 0, "", ("93.184.216.34", 443)), (0, 0, 0, "", ("10.0.0.5", 443))]
    monkeypatch.setattr("integrations.transport.socket.getaddrinfo", lambda *_, **__: found)
    with pytest.raises(PermanentError, match="lies elsewhere"):
        transport("http://127.0.0.1:1").fetch("https://cdn.files.example/a", ("files.example",), most_bytes=10)


def test_each_redirect_is_held_against_the_same_rule():
    """Sent on to another file of ours is fine; to a private address, or on and on, is not."""
    with raw_server(reply("302 Found", Location="/attachments/2"), reply(body=b"ok")) as server:
        assert fetched(server.url) == b"ok"
    for target in ("http://127.0.0.1:9/attachments/1", "https://169.254.169.254/", "/api/v2/users.json"):
        with (
            raw_server(reply("302 Found", Location=target)) as server,
            pytest.raises(PermanentError, match="elsewhere"),
        ):
            fetched(server.url)
    around = [reply("302 Found", Location="/attachments/1") for _ in range(4)]
    with raw_server(*around) as server, pytest.raises(PermanentError, match="from place to place"):
        fetched(server.url)


@pytest.mark.parametrize(
    ("script", "kind", "status"),
    [
        (reply(body=b"x" * 1001), PermanentError, 413),
        (reply(body=gzip.compress(b"x" * 1_000_000), Content_Encoding="gzip"), PermanentError, None),
        (reply("403 Forbidden"), PermanentError, 403),
        (reply("503 Service Unavailable"), TransientError, None),
        (hang, TransientError, None),
    ],
)
def test_a_file_that_does_not_come_has_its_error(script, kind, status):
    """Too long, packed, forbidden, not now, never: each is one of two kinds, within the deadline."""
    with raw_server(script) as server, pytest.raises(kind) as caught:
        fetched(server.url)
    assert getattr(caught.value, "status", None) == status
