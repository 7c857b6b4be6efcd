"""The server refuses whatever its own page would not send, and then nothing has run."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from defaultmode.core.errors import DefaultModeError
from defaultmode.running import local_request, local_server
from defaultmode.running.local_server import ADDRESS, LocalServer, Route

WRONG = "x" * 32
GOOD = b'{"dose": 0.5}'


@dataclass
class Served:
    """A server that runs, and what its routes were asked."""

    server: LocalServer
    ran: list[dict] = field(default_factory=list)
    going: threading.Event = field(default_factory=threading.Event)

    @property
    def port(self) -> int:
        return self.server.server_port

    def filled(self, text: str) -> str:
        return text.replace("PORT", str(self.port)).replace("TOKEN", self.server.token)

    def sent(self, raw: bytes) -> bytes:
        """Everything that comes back until the connection is closed."""
        with socket.create_connection((ADDRESS, self.port), timeout=20) as connection:
            connection.sendall(raw)
            return read(connection)


def read(connection: socket.socket) -> bytes:
    parts = []
    while part := connection.recv(65536):
        parts.append(part)
    return b"".join(parts)


def status(reply: bytes) -> int:
    return int(reply.split(b" ", 2)[1])


def content(reply: bytes) -> bytes:
    return reply.partition(b"\r\n\r\n")[2]


def request(line: str, headers: dict[str, str | None], body: bytes = b"") -> bytes:
    lines = [line, *(f"{name}: {value}" for name, value in headers.items() if value is not None)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body


def page(served: Served, line: str = "GET /?token=TOKEN HTTP/1.1", **more: str | None) -> bytes:
    headers = {"Host": "127.0.0.1:PORT"} | {k.replace("_", "-"): v for k, v in more.items()}
    filled = {k: v if v is None else served.filled(v) for k, v in headers.items()}
    return request(served.filled(line), filled)


def posted(
    served: Served, body: bytes = GOOD, line: str = "POST /api/run HTTP/1.1", **more: str | None
) -> bytes:
    headers: dict[str, str | None] = {
        "Host": "127.0.0.1:PORT",
        "X-Token": "TOKEN",
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
    } | {k.replace("_", "-"): v for k, v in more.items()}
    filled = {k: v if v is None else served.filled(v) for k, v in headers.items()}
    return request(served.filled(line), filled, body)


@pytest.fixture
def served() -> Iterator[Served]:
    with running() as found:
        yield found


@contextmanager
def running() -> Iterator[Served]:
    found: Served

    def run(body: dict) -> dict:
        found.ran.append(dict(body))
        return {"double": 2 * body.get("dose", 0)}

    def lines(body: dict) -> Iterator[dict]:
        found.ran.append(dict(body))
        try:
            for k in range(10**6):
                found.going.set()
                yield {"k": k, "wide": "x" * 4096}
        finally:
            found.ran.append({"stopped": True})

    def refuses(body: dict) -> dict:
        raise DefaultModeError("E521", "too much")

    def breaks_late(body: dict) -> Iterator[dict]:
        yield {"k": 0}
        raise DefaultModeError("E505", "left its branch")

    routes = (
        Route("POST", "/api/run", run),
        Route("POST", "/api/lines", lines, at_once=1),
        Route("POST", "/api/refuses", refuses),
        Route("POST", "/api/late", breaks_late),
        Route("POST", "/api/bug", lambda body: body["secret"]),
        Route("GET", "/api/about", lambda _: {"about": "it"}),
    )
    server = LocalServer(lambda token: f"<!doctype html><title>page</title>{token}", routes)
    found = Served(server)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.close()
        thread.join()


def test_page_comes_with_the_headers_that_shut_it_in(served: Served) -> None:
    reply = served.sent(page(served))
    head = reply.partition(b"\r\n\r\n")[0].decode()
    assert status(reply) == 200
    assert served.server.token in content(reply).decode()
    for line in (
        "Cache-Control: no-store",
        "Cross-Origin-Opener-Policy: same-origin",
        "Cross-Origin-Resource-Policy: same-origin",
        "Referrer-Policy: no-referrer",
        "X-Content-Type-Options: nosniff",
        "frame-ancestors 'none'",
        "connect-src 'self'",
    ):
        assert line in head
    assert "Access-Control" not in head


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_what_the_page_sends_is_answered(served: Served, host: str) -> None:
    own = {"Host": f"{host}:PORT", "Origin": f"http://{host}:PORT", "Sec_Fetch_Site": "same-origin"}
    reply = served.sent(posted(served, **own))
    assert (status(reply), json.loads(content(reply))) == (200, {"double": 1.0})
    assert served.ran == [{"dose": 0.5}]
    assert status(served.sent(page(served, "GET /api/about HTTP/1.1", X_Token="TOKEN"))) == 200


def test_a_person_opens_the_page(served: Served) -> None:
    assert (
        status(served.sent(page(served, Sec_Fetch_Site="none", Sec_Fetch_Dest="document"))) == 200
    )


PAGE_ATTACKS = {
    "no token": (401, {"line": "GET / HTTP/1.1"}),
    "wrong token": (401, {"line": f"GET /?token={WRONG} HTTP/1.1"}),
    "bare token": (401, {"line": "GET /?TOKEN HTTP/1.1"}),
    "token and more": (401, {"line": "GET /?token=TOKEN&x=1 HTTP/1.1"}),
    "token twice": (401, {"line": "GET /?token=x&token=TOKEN HTTP/1.1"}),
    "token in a header only": (401, {"line": "GET / HTTP/1.1", "X_Token": "TOKEN"}),
    "token not ASCII": (401, {"line": "GET /?token=\xff\xfe HTTP/1.1"}),
    "rebound host": (421, {"Host": "evil.example:PORT"}),
    "host with a suffix": (421, {"Host": "127.0.0.1:PORT.evil.example"}),
    "host with a prefix": (421, {"Host": "evil.127.0.0.1:PORT"}),
    "host without port": (421, {"Host": "127.0.0.1"}),
    "host of another port": (421, {"Host": "127.0.0.1:1"}),
    "host as user": (421, {"Host": "127.0.0.1:PORT@evil.example"}),
    "host in capitals": (421, {"Host": "LOCALHOST:PORT"}),
    "host by another name": (421, {"Host": "0.0.0.0:PORT"}),
    "host of IPv6": (421, {"Host": "[::1]:PORT"}),
    "no host": (421, {"Host": None}),
    "another origin": (403, {"Origin": "http://evil.example"}),
    "from another site": (403, {"Sec_Fetch_Site": "cross-site"}),
    "from another port": (403, {"Sec_Fetch_Site": "same-site"}),
    "in a frame": (403, {"Sec_Fetch_Site": "none", "Sec_Fetch_Dest": "iframe"}),
    "as a script": (403, {"Sec_Fetch_Dest": "script"}),
    "path upwards": (404, {"line": "GET /../../etc/passwd HTTP/1.1", "X_Token": "TOKEN"}),
    "path upwards, encoded": (404, {"line": "GET /%2e%2e/etc/passwd HTTP/1.1", "X_Token": "TOKEN"}),
    "path with two slashes": (404, {"line": "GET //api/about HTTP/1.1", "X_Token": "TOKEN"}),
    "path with a query": (404, {"line": "GET /api/about?x HTTP/1.1", "X_Token": "TOKEN"}),
    "path with a NUL": (404, {"line": "GET /api/about%00 HTTP/1.1", "X_Token": "TOKEN"}),
    "path with a backslash": (404, {"line": "GET /api\\about HTTP/1.1", "X_Token": "TOKEN"}),
    "address of a proxy": (404, {"line": "GET http://evil.example/ HTTP/1.1", "X_Token": "TOKEN"}),
    "tunnel": (404, {"line": "CONNECT evil.example:443 HTTP/1.1", "X_Token": "TOKEN"}),
    "address too long": (414, {"line": f"GET /{'a' * 5000} HTTP/1.1"}),
    "HTTP/1.0": (505, {"line": "GET /?token=TOKEN HTTP/1.0"}),
    "HTTP/0.9": (505, {"line": "GET /?token=TOKEN"}),
    "HTTP/2": (505, {"line": "GET /?token=TOKEN HTTP/2.0"}),
    "no HTTP at all": (400, {"line": "\x16\x03\x01\x02 hello there you"}),
    "WebSocket": (400, {"Upgrade": "websocket", "Connection": "Upgrade"}),
    "a body on a GET": (400, {"Content_Length": "5"}),
    "method DELETE": (405, {"line": "DELETE / HTTP/1.1", "X_Token": "TOKEN"}),
    "method OPTIONS": (405, {"line": "OPTIONS /api/run HTTP/1.1", "X_Token": "TOKEN"}),
    "method TRACE": (405, {"line": "TRACE / HTTP/1.1", "X_Token": "TOKEN"}),
    "method HEAD": (405, {"line": "HEAD / HTTP/1.1", "X_Token": "TOKEN"}),
    "GET of what is posted": (405, {"line": "GET /api/run HTTP/1.1", "X_Token": "TOKEN"}),
}
DEEP = b'{"dose": ' + b"[" * 5000 + b"]" * 5000 + b"}"
POST_ATTACKS = {
    "no token": (401, {"X_Token": None}),
    "wrong token": (401, {"X_Token": WRONG}),
    "token in the address": (401, {"X_Token": None, "line": "POST /api/run?token=TOKEN HTTP/1.1"}),
    "another origin": (403, {"Origin": "http://evil.example"}),
    "origin with a suffix": (403, {"Origin": "http://127.0.0.1:PORT.evil.example"}),
    "origin null": (403, {"Origin": "null"}),
    "origin by https": (403, {"Origin": "https://127.0.0.1:PORT"}),
    "origin of the other name": (403, {"Origin": "http://localhost:PORT"}),
    "from another site": (403, {"Sec_Fetch_Site": "cross-site"}),
    "from nowhere": (403, {"Sec_Fetch_Site": "none"}),
    "a form": (401, {"X_Token": None, "Content_Type": "application/x-www-form-urlencoded"}),
    "plain text": (415, {"Content_Type": "text/plain"}),
    "no type": (415, {"Content_Type": None}),
    "two types": (415, {"Content_Type": "application/json, text/plain"}),
    "no length": (411, {"Content_Length": None}),
    "negative length": (400, {"Content_Length": "-1"}),
    "signed length": (400, {"Content_Length": "+13"}),
    "length in hexadecimal": (400, {"Content_Length": "0xd"}),
    "list of lengths": (400, {"Content_Length": "13, 13"}),
    "2 GB declared": (400, {"Content_Length": "20000000000"}),
    "65 kB declared": (413, {"Content_Length": "65537"}),
    "chunks": (400, {"Transfer_Encoding": "chunked"}),
    "chunks and a length": (400, {"Transfer_Encoding": "chunked", "Content_Length": "4"}),
    "chunks in disguise": (400, {"Transfer_Encoding": "xchunked"}),
    "packed body": (400, {"Content_Encoding": "gzip"}),
    "asks whether to go on": (417, {"Expect": "100-continue"}),
    "posted to the page": (405, {"line": "POST / HTTP/1.1"}),
    "NaN": (400, {"body": b'{"dose": NaN}'}),
    "infinite": (400, {"body": b'{"dose": 1e999}'}),
    "a number of 10,000 digits": (400, {"body": b'{"dose": ' + b"9" * 10_000 + b"}"}),
    "deep": (400, {"body": DEEP}),
    "no JSON": (400, {"body": b"dose=0.5"}),
    "a list": (400, {"body": b"[1]"}),
    "a key twice": (400, {"body": b'{"dose": 0.5, "dose": 5}'}),
    "not UTF-8": (400, {"body": b'{"dose": "\xff"}'}),
    "empty": (400, {"body": b""}),
    "too large": (413, {"body": b'{"dose": "' + b"x" * 70_000 + b'"}'}),
}
RAW_ATTACKS = {
    "host twice": (400, "GET /?token=TOKEN HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nHost: evil\r\n\r\n"),
    "length twice": (
        400,
        "POST /api/run HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nX-Token: TOKEN\r\nContent-Type: application/json\r\nContent-Length: 13\r\nContent-Length: 2\r\n\r\n{}",
    ),
    "folded header": (400, "GET /?token=TOKEN HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n evil\r\n\r\n"),
    "space before the colon": (
        400,
        "GET /?token=TOKEN HTTP/1.1\r\nHost : 127.0.0.1:PORT\r\nHost: 127.0.0.1:PORT\r\n\r\n",
    ),
    "header without a colon": (
        400,
        "GET /?token=TOKEN HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nnonsense\r\n\r\n",
    ),
    "bare carriage return": (
        400,
        "GET /?token=TOKEN HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nX: a\rTransfer-Encoding: x\r\n\r\n",
    ),
    "NUL in a header": (
        400,
        "GET /?token=TOKEN HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nX: a\x00b\r\n\r\n",
    ),
    "two hundred headers": (
        431,
        "GET /?token=TOKEN HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n"
        + "".join(f"X-{k}: 1\r\n" for k in range(200))
        + "\r\n",
    ),
    "a header of 100 kB": (
        431,
        "GET /?token=TOKEN HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nX: " + "a" * 100_000 + "\r\n\r\n",
    ),
}


def check_refused(served: Served, reply: bytes, expected: int) -> None:
    assert status(reply) == expected
    assert set(json.loads(content(reply))) == {"code", "message"}
    assert reply.count(b"\r\nServer: defaultmode\r\n") == 1
    assert served.ran == []
    assert served.server.token.encode() not in reply


@pytest.mark.parametrize(("expected", "how"), PAGE_ATTACKS.values(), ids=PAGE_ATTACKS)
def test_attack_on_the_page(served: Served, expected: int, how: dict) -> None:
    check_refused(served, served.sent(page(served, **how)), expected)


@pytest.mark.parametrize(("expected", "how"), POST_ATTACKS.values(), ids=POST_ATTACKS)
def test_attack_on_a_route(served: Served, expected: int, how: dict) -> None:
    check_refused(served, served.sent(posted(served, **how)), expected)


@pytest.mark.parametrize(("expected", "raw"), RAW_ATTACKS.values(), ids=RAW_ATTACKS)
def test_attack_by_malformed_headers(served: Served, expected: int, raw: str) -> None:
    check_refused(served, served.sent(served.filled(raw).encode("latin-1")), expected)


def test_second_request_behind_the_first_is_never_read(served: Served) -> None:
    reply = served.sent(posted(served) + posted(served, b'{"dose": 7}'))
    assert reply.count(b"HTTP/1.1 200") == 1
    assert served.ran == [{"dose": 0.5}]


def test_body_cut_short_runs_nothing(served: Served) -> None:
    with socket.create_connection((ADDRESS, served.port), timeout=20) as connection:
        connection.sendall(posted(served, Content_Length="60"))
        connection.shutdown(socket.SHUT_WR)
        check_refused(served, read(connection), 400)


@pytest.mark.parametrize("cut", [3, 40, -4])
def test_slow_client_is_hung_up_on(
    served: Served, monkeypatch: pytest.MonkeyPatch, cut: int
) -> None:
    monkeypatch.setattr(local_server, "REQUEST_S", 0.2)
    with socket.create_connection((ADDRESS, served.port), timeout=20) as connection:
        connection.sendall(posted(served)[:cut])
        check_refused(served, read(connection), 408)


def test_dripping_client_is_hung_up_on(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_server, "REQUEST_S", 0.3)
    with socket.create_connection((ADDRESS, served.port), timeout=20) as connection:
        connection.settimeout(0.05)
        answer = b""
        for byte in posted(served, b" " * 60_000):
            connection.sendall(bytes([byte]))
            try:
                answer = connection.recv(65536)
                break
            except TimeoutError:
                continue
        check_refused(served, answer + read(connection), 408)


def test_one_stream_too_many_is_turned_away(served: Served) -> None:
    with socket.create_connection((ADDRESS, served.port), timeout=20) as first:
        first.sendall(posted(served, line="POST /api/lines HTTP/1.1"))
        assert served.going.wait(20)
        reply = served.sent(posted(served, line="POST /api/lines HTTP/1.1"))
        assert status(reply) == 429
        assert len(served.ran) == 1
    wait_for(lambda: not served.server._open)
    assert served.ran[1] == {"stopped": True}
    with socket.create_connection((ADDRESS, served.port), timeout=20) as again:
        again.sendall(posted(served, line="POST /api/lines HTTP/1.1"))
        assert again.recv(12) == b"HTTP/1.1 200"


def test_more_connections_than_places_are_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_server, "MOST_CONNECTIONS", 2)
    with running() as served:
        waiting = [socket.create_connection((ADDRESS, served.port), timeout=20) for _ in range(2)]
        wait_for(lambda: len(served.server._open) == 2)
        assert served.sent(b"") == b""
        for connection in waiting:
            connection.close()


def wait_for(happened) -> None:
    until = time.monotonic() + 20
    while not happened():
        assert time.monotonic() < until
        time.sleep(0.005)


def test_what_a_route_refuses_has_its_code(served: Served) -> None:
    reply = served.sent(posted(served, line="POST /api/refuses HTTP/1.1"))
    assert status(reply) == 422
    assert json.loads(content(reply)) == {"code": "E521", "message": "too much"}


def test_stream_that_breaks_says_so_in_its_last_line(served: Served) -> None:
    reply = served.sent(posted(served, line="POST /api/late HTTP/1.1"))
    first, last = (json.loads(line) for line in content(reply).splitlines())
    assert (status(reply), first) == (200, {"k": 0})
    assert last == {"error": {"code": "E505", "message": "left its branch"}}


def test_stopping_hangs_up_on_streams_and_leaves_no_thread(capfd: pytest.CaptureFixture) -> None:
    before = threading.active_count()
    going = threading.Event()

    def forever(body: dict) -> Iterator[dict]:
        while True:
            going.set()
            yield {"k": 1}

    server = LocalServer(lambda token: token, [Route("POST", "/api/run", forever)])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    with socket.create_connection((ADDRESS, server.server_port), timeout=20) as connection:
        connection.sendall(posted(Served(server)))
        assert going.wait(20)
        server.shutdown()
        server.close()
        thread.join()
    assert threading.active_count() == before
    assert capfd.readouterr().err == ""


def test_bug_in_a_route_is_told_without_what_was_asked(
    served: Served, capfd: pytest.CaptureFixture
) -> None:
    assert served.sent(posted(served, b'{"dose": 1}', line="POST /api/bug HTTP/1.1")) == b""
    wait_for(lambda: not served.server._open)
    assert capfd.readouterr().err == "defaultmode: this is a bug (KeyError).\n"
    assert status(served.sent(posted(served))) == 200


def test_nothing_of_a_request_is_logged(served: Served, capfd: pytest.CaptureFixture) -> None:
    served.sent(posted(served, b'{"dose": "secret"}'))
    served.sent(page(served, "GET /secret HTTP/1.1", X_Token="TOKEN"))
    wait_for(lambda: not served.server._open)
    out, err = capfd.readouterr()
    assert "secret" not in out + err


def test_only_loopback_listens(served: Served) -> None:
    assert served.server.socket.getsockname()[0] == "127.0.0.1"


def test_port_that_is_taken() -> None:
    with socket.create_server((ADDRESS, 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(DefaultModeError, match=str(port)) as caught:
            LocalServer(lambda token: token, (), port=port)
    assert caught.value.code == "E608"


def test_brackets_bound_the_depth() -> None:
    inside = b"[" * (local_request.MOST_BRACKETS - 1) + b"]" * (local_request.MOST_BRACKETS - 1)
    assert local_request.parsed(b'{"a": ' + inside + b"}")
    with pytest.raises(local_request.Refusal):
        local_request.parsed(b'{"a": [' + inside + b"]}")
