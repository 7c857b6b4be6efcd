"""What a request must prove before anything runs: whence it comes, who sends it, what it holds."""

import hmac
import io
import json
import math
import re
import socket
import time
from collections.abc import Mapping, Sequence
from email.message import Message
from http import HTTPStatus
from typing import Any

LARGEST_BODY = 64 * 1024
MOST_BRACKETS = 16  # of a body: what is asked for is flat, and deep nesting is an attack
JSON_TYPE = "application/json"
REFUSED_HEADERS = ("Transfer-Encoding", "Content-Encoding", "Upgrade", "Trailer")
LEAST_S = 1e-3  # a timeout of 0 would mean none
LENGTH = re.compile(r"[0-9]{1,9}")


class Refusal(Exception):  # noqa: N818  # most of them are no error of ours
    """A request that is not answered: its status, why, and a code of the error table."""

    def __init__(self, status: HTTPStatus, why: str, code: str = "E520") -> None:
        self.status, self.why, self.code = status, why, code
        super().__init__(why)


class Deadline(io.RawIOBase):
    """The bytes of a connection until a time is up, however slowly they drip."""

    def __init__(self, connection: socket.socket, seconds: float) -> None:
        self._connection, self._until = connection, time.monotonic() + seconds

    def readable(self) -> bool:
        """It is there to be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read what has come; raises Refusal (408) when the time is up."""
        self._connection.settimeout(max(self._until - time.monotonic(), LEAST_S))
        try:
            return self._connection.recv_into(buffer)
        except TimeoutError:
            raise Refusal(HTTPStatus.REQUEST_TIMEOUT, "the request came too slowly.") from None


def check_form(headers: Message) -> None:
    """Refuse (400) whatever two readers could read in two ways."""
    names = [name.lower() for name in headers.keys()]  # noqa: SIM118  # of a Message, with repeats
    if headers.defects or len(set(names)) < len(names):
        raise Refusal(HTTPStatus.BAD_REQUEST, "a header is malformed or there twice.")
    if any(not re.fullmatch(r"[!-~]+", name) for name in names):
        raise Refusal(HTTPStatus.BAD_REQUEST, "a header has a malformed name.")
    if any(re.search(r"[\x00-\x08\x0a-\x1f\x7f]", str(value)) for value in headers.values()):
        raise Refusal(HTTPStatus.BAD_REQUEST, "a header has a control character in it.")
    for name in REFUSED_HEADERS:
        if name in headers:
            raise Refusal(HTTPStatus.BAD_REQUEST, f"{name} is not understood here.")


def check_source(headers: Message, hosts: Sequence[str], *, is_page: bool) -> None:
    """Refuse another host's name (421) and whatever another site sends (403).

    is_page : the page is opened by a person from nowhere; all else is asked for by the page
    """
    host = headers.get("Host", "")
    if host not in hosts:
        raise Refusal(HTTPStatus.MISDIRECTED_REQUEST, "this is another host.")
    if headers.get("Origin", f"http://{host}") != f"http://{host}":
        raise Refusal(HTTPStatus.FORBIDDEN, "another site asks.")
    known: dict[str, tuple[str, ...]] = {"Sec-Fetch-Site": ("same-origin",)}
    if is_page:
        known = {"Sec-Fetch-Site": ("same-origin", "none"), "Sec-Fetch-Dest": ("document",)}
    for name, values in known.items():
        if headers.get(name, values[0]) not in values:
            raise Refusal(HTTPStatus.FORBIDDEN, "another site asks.")


def check_token(given: str, token: str) -> None:
    """Refuse (401) who does not hold the token; takes as long whatever is wrong with it."""
    if not hmac.compare_digest(given.encode("utf-8"), token.encode("utf-8")):
        raise Refusal(HTTPStatus.UNAUTHORIZED, "the token is missing or wrong.")


def body_length(headers: Message, *, posted: bool) -> int:
    """How many bytes follow the headers; only what is posted has any.

    Refuses a missing (411), malformed or surplus (400) and too large length (413), and any content
    but JSON (415).
    """
    written = headers.get("Content-Length")
    if not posted:
        if written not in {None, "0"}:
            raise Refusal(HTTPStatus.BAD_REQUEST, "there is a body where none belongs.")
        return 0
    if headers.get("Content-Type") != JSON_TYPE:
        raise Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"only {JSON_TYPE} is read.")
    if written is None:
        raise Refusal(HTTPStatus.LENGTH_REQUIRED, "Content-Length is missing.")
    if not LENGTH.fullmatch(written):
        raise Refusal(HTTPStatus.BAD_REQUEST, "Content-Length is no length.")
    if int(written) > LARGEST_BODY:
        raise Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"{LARGEST_BODY} bytes are read.")
    return int(written)


def parsed(body: bytes) -> Mapping[str, object]:
    """The object in a body; refuses (400) any other JSON, nesting, repeats and infinite numbers."""
    if body.count(b"{") + body.count(b"[") > MOST_BRACKETS:
        raise Refusal(HTTPStatus.BAD_REQUEST, "the body is nested too deeply.")
    try:
        found = json.loads(
            body.decode("utf-8"),
            parse_constant=_refuse,
            parse_float=_finite,
            object_pairs_hook=_once,
        )
    except ValueError:
        raise Refusal(HTTPStatus.BAD_REQUEST, "the body is no JSON of finite numbers.") from None
    if not isinstance(found, dict):
        raise Refusal(HTTPStatus.BAD_REQUEST, "the body is no JSON object.")
    return found


def _refuse(word: str) -> float:
    raise ValueError(word)


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key is there twice")
    return found
