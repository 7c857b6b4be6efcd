"""A web server for one person on this machine: loopback only, and every request proves itself."""

import contextlib
import io
import json
import secrets
import socket
import socketserver
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import BoundedSemaphore, Lock
from typing import Any, cast

from defaultmode.core.errors import DefaultModeError
from defaultmode.running.local_request import (
    JSON_TYPE,
    LARGEST_BODY,
    Deadline,
    Refusal,
    body_length,
    check_form,
    check_source,
    check_token,
    parsed,
)

Json = Mapping[str, object]
ADDRESS = "127.0.0.1"
NAMES = (ADDRESS, "localhost")
PAGE = "/"
REQUEST_S, REPLY_S = 10.0, 60.0  # for a request to arrive whole; for the page to read on
GOODBYE_S = 1.0  # for a refusal to be read by who still sends
MOST_CONNECTIONS = 32
LONGEST_LINE = 2048
TOKEN_BYTES = 24
STREAM_TYPE, PAGE_TYPE = "application/x-ndjson", "text/html; charset=utf-8"
HEADERS = {
    "Cache-Control": "no-store",
    "Connection": "close",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
JSON_POLICY = "default-src 'none'; frame-ancestors 'none'"
# The page carries a policy of its own with the hashes of its scripts; both must be met.
PAGE_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src data: blob:; font-src data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@dataclass(frozen=True, slots=True)
class Route:
    """An address under which JSON is answered.

    answer : what was posted → an object, or objects one by one, which are sent a line each
    at_once : how many are answered at the same time; more are turned away (429)
    """

    method: str
    path: str
    answer: Callable[[Json], Json | Iterator[Json]]
    at_once: int = 4
    places: BoundedSemaphore = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "places", BoundedSemaphore(self.at_once))


class LocalServer(ThreadingHTTPServer):
    """A page, and routes beside it, for whoever holds the token.

    page : the token → HTML; port : 0 for a free one. Raises E608 where the port cannot be had.
    """

    daemon_threads = False  # `close` waits for all of them

    def __init__(
        self, page: Callable[[str], str], routes: Sequence[Route], *, port: int = 0
    ) -> None:
        self.token = secrets.token_urlsafe(TOKEN_BYTES)
        self.routes = {route.path: route for route in routes}
        self._open: set[socket.socket] = set()
        self._lock, self._places = Lock(), BoundedSemaphore(MOST_CONNECTIONS)
        try:
            super().__init__((ADDRESS, port), Handler)
        except (OSError, OverflowError) as problem:
            raise DefaultModeError("E608", f"port {port}: {problem}.") from problem
        self.page = page(self.token).encode("utf-8")

    @property
    def hosts(self) -> tuple[str, ...]:
        """What a browser of this machine may call it."""
        return tuple(f"{name}:{self.server_port}" for name in NAMES)

    @property
    def query(self) -> str:
        """What the page is opened with."""
        return f"token={self.token}"

    @property
    def url(self) -> str:
        """Where the page is, with the token."""
        return f"http://{self.hosts[0]}{PAGE}?{self.query}"

    def close(self) -> None:
        """Hang up on everybody, and wait until no thread is left."""
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        self.server_close()

    def server_bind(self) -> None:
        """Bind as TCP servers do; an HTTP server would ask a name server who we are."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = ADDRESS, self.server_address[1]

    def process_request(self, request: Any, client_address: Any) -> None:
        """Give a connection a thread; too many are closed at once."""
        if not self._places.acquire(blocking=False):
            self.shutdown_request(request)
            return
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Answer a connection and let go of it."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._lock:
                self._open.discard(request)
            self._places.release()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002
        """Say that there is a bug; what was asked is written nowhere."""
        sys.stderr.write(f"defaultmode: this is a bug ({type(sys.exception()).__name__}).\n")


class Handler(BaseHTTPRequestHandler):
    """One request of one connection, which is closed afterwards: nothing can hide behind it."""

    server: LocalServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self) -> None:
        """Read the request against the clock."""
        super().setup()
        self.rfile.close()
        self.rfile = io.BufferedReader(Deadline(self.connection, REQUEST_S))

    def handle_one_request(self) -> None:
        """Read, check and answer."""
        self.close_connection = True
        with contextlib.suppress(OSError):  # whoever asked has gone
            try:
                self.raw_requestline = self.rfile.readline(LONGEST_LINE + 1)
                if self.raw_requestline:
                    self._proven()
            except Refusal as refusal:
                self._refuse(refusal)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What the standard library finds wrong while it reads is a refusal like others."""
        del message, explain  # they quote the request
        raise Refusal(HTTPStatus(code), HTTPStatus(code).phrase + ".")

    def handle_expect_100(self) -> bool:
        """A body is sent with its headers or not at all."""
        raise Refusal(HTTPStatus.EXPECTATION_FAILED, "Expect is not understood here.")

    def version_string(self) -> str:
        """Who answers, without versions."""
        return "defaultmode"

    def log_request(self, code: object = "-", size: object = "-") -> None:
        """Nothing of any request is logged."""

    def _proven(self) -> None:
        """Check all that can be wrong, in this order, and then answer."""
        if len(self.raw_requestline) > LONGEST_LINE:
            raise Refusal(HTTPStatus.REQUEST_URI_TOO_LONG, "the address is too long.")
        self.parse_request()
        check_form(self.headers)
        if self.request_version != self.protocol_version:
            raise Refusal(HTTPStatus.HTTP_VERSION_NOT_SUPPORTED, "only HTTP/1.1 is spoken.")
        address = self.requestline.split()[1]  # `self.path` has been tidied up
        path, mark, query = address.partition("?")
        is_page = (self.command, path) == ("GET", PAGE)
        check_source(self.headers, self.server.hosts, is_page=is_page)
        if is_page:
            check_token(query, self.server.query)
        else:
            check_token(self.headers.get("X-Token", ""), self.server.token)
        if is_page:
            body_length(self.headers, posted=False)
            self._reply(HTTPStatus.OK, PAGE_TYPE, self.server.page)
        else:
            self._route(path + mark)

    def _route(self, path: str) -> None:
        route = self.server.routes.get(path)
        if route is None and path != PAGE:
            raise Refusal(HTTPStatus.NOT_FOUND, "there is no such address.")
        if route is None or route.method != self.command:
            raise Refusal(HTTPStatus.METHOD_NOT_ALLOWED, "this method does nothing here.")
        posted = route.method == "POST"
        length = body_length(self.headers, posted=posted)
        body = self.rfile.read(length)
        if len(body) < length:
            raise Refusal(HTTPStatus.BAD_REQUEST, "the body is cut short.")
        asked = parsed(body) if posted else {}
        if not route.places.acquire(blocking=False):
            raise Refusal(HTTPStatus.TOO_MANY_REQUESTS, "too many at once; close another page.")
        try:
            self._answer(route, asked)
        except DefaultModeError as problem:
            raise _explained(problem) from problem
        finally:
            route.places.release()

    def _answer(self, route: Route, asked: Json) -> None:
        found = route.answer(asked)
        if isinstance(found, Mapping):
            self._reply(HTTPStatus.OK, JSON_TYPE, written(found))
        else:
            with contextlib.closing(cast("Any", found)):
                self._stream(found)

    def _stream(self, lines: Iterator[Json]) -> None:
        """A line for each object; an error before the first has a status, a later one is a line."""
        first = next(lines)
        self._head(HTTPStatus.OK, STREAM_TYPE)
        self._send(written(first) + b"\n")
        try:
            for line in lines:
                self._send(written(line) + b"\n")
        except DefaultModeError as problem:
            self._send(written({"error": _told(problem.code, problem.detail)}) + b"\n")

    def _refuse(self, refusal: Refusal) -> None:
        self._reply(refusal.status, JSON_TYPE, written(_told(refusal.code, refusal.why)))
        # closed with bytes unread, a connection is reset, and the refusal never arrives
        self.connection.shutdown(socket.SHUT_WR)
        rest = Deadline(self.connection, GOODBYE_S)
        with contextlib.suppress(Refusal):
            for _ in range(LARGEST_BODY // io.DEFAULT_BUFFER_SIZE):
                if not rest.read(io.DEFAULT_BUFFER_SIZE):
                    break

    def _reply(self, status: HTTPStatus, kind: str, content: bytes) -> None:
        self._head(status, kind, length=len(content))
        self._send(content)

    def _head(self, status: HTTPStatus, kind: str, *, length: int | None = None) -> None:
        self.connection.settimeout(REPLY_S)
        self.request_version = self.protocol_version  # of the reply, whatever was spoken
        self.send_response(status)
        policy = PAGE_POLICY if kind == PAGE_TYPE else JSON_POLICY
        lines = {**HEADERS, "Content-Type": kind, "Content-Security-Policy": policy}
        if length is not None:
            lines["Content-Length"] = str(length)
        for name, value in lines.items():
            self.send_header(name, value)
        self.end_headers()

    def _send(self, content: bytes) -> None:
        self.wfile.write(content)


def written(content: Json) -> bytes:
    """JSON as it is sent; what is not finite is a bug and raises ValueError."""
    text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8")


def _told(code: str, why: str) -> Json:
    return {"code": code, "message": why}


def _explained(problem: DefaultModeError) -> Refusal:
    """What a route cannot do: a bad request (E520), or one that makes no sense."""
    wrong = problem.code == "E520"
    status = HTTPStatus.BAD_REQUEST if wrong else HTTPStatus.UNPROCESSABLE_ENTITY
    return Refusal(status, problem.detail, problem.code)
