"""`serve`: the simulator's page, from a server on this machine or as one file."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from defaultmode.core.errors import DefaultModeError
from defaultmode.pipeline.offline_grid import offline_grid
from defaultmode.pipeline.serving_catalogue import catalogue
from defaultmode.pipeline.serving_course import course
from defaultmode.pipeline.serving_frames import frames
from defaultmode.pipeline.serving_live import live
from defaultmode.pipeline.serving_request import asked_of, stretch_of
from defaultmode.pipeline.serving_subjects import Simulator, simulator_of
from defaultmode.report.simulator_page import build_simulator
from defaultmode.running import refuse_foreign, write_text
from defaultmode.running.local_server import Json, LocalServer, Route

LARGEST_PORT = 65535
HEARD_S = 0.2  # within which an interrupt is heard
LIVE_AT_ONCE = 3  # one, and those that have not yet noticed that their page has moved on


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeSettings:
    """What is served, and where.

    twins : folder of `fit`, None for virtual brains only; port : 0 for a free one
    seed : of the noise and the people in the file of `write_page`
    Raises E411 for numbers that cannot be used.
    """

    twins: Path | None = None
    port: int = 0
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.port <= LARGEST_PORT or self.seed < 0:
            msg = f"port {self.port}, seed {self.seed}; expected 0 to {LARGEST_PORT}, 0 or more."
            raise DefaultModeError("E411", msg)


def server_of(settings: ServeSettings) -> LocalServer:
    """A server that is bound and not yet running.

    Raises E608 where the port cannot be had, and what `simulator_of` raises.
    """
    simulator = simulator_of(settings.twins)
    page = partial(_page, simulator)
    return LocalServer(page, routes_of(simulator), port=settings.port)


def routes_of(simulator: Simulator) -> tuple[Route, ...]:
    """What the page can ask."""

    def asked_live(body: Json) -> Iterator[Json]:
        return live(simulator, *stretch_of(body))

    return (
        Route("GET", "/api/catalogue", lambda _: catalogue(simulator)),
        Route("POST", "/api/course", lambda body: course(simulator, asked_of(body))),
        Route("POST", "/api/frames", lambda body: frames(simulator, asked_of(body))),
        Route("POST", "/api/live", asked_live, at_once=LIVE_AT_ONCE),
    )


def serve(settings: ServeSettings, *, ready: Callable[[str], None]) -> None:
    """Serve until interrupted; no thread is left then.

    ready : told the address, with the token, once it can be opened. Raises as `server_of` does.
    """
    from threadpoolctl import threadpool_limits

    server = server_of(settings)
    try:
        # matrices are small, and several are asked for at once: more threads only get in the way
        with threadpool_limits(limits=1), contextlib.suppress(KeyboardInterrupt):
            ready(server.url)
            server.serve_forever(poll_interval=HEARD_S)
    finally:
        with contextlib.suppress(KeyboardInterrupt):  # the impatient press twice
            server.close()


def write_page(settings: ServeSettings, out: Path, *, quiet: bool = False) -> int:
    """Write the page with a grid of answers into one file that needs no server; its bytes.

    Raises E601, E602 or E603 where it cannot be written, and what `simulator_of` raises.
    """
    from threadpoolctl import threadpool_limits

    refuse_foreign(out)
    with threadpool_limits(limits=1):
        grid = offline_grid(simulator_of(settings.twins), seed=settings.seed, quiet=quiet)
    text = build_simulator(grid["catalogue"], grid=grid)
    write_text(out, text)
    return len(text.encode("utf-8"))


def _page(simulator: Simulator, token: str) -> str:
    return build_simulator(catalogue(simulator), token=token)
