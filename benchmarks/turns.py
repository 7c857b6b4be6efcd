"""Engines in processes of their own, and runs of them in turns."""

import json
import math
import os
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

ENGINES = Path(__file__).parent / "engines"
OURS = "defaultmode"
PEERS = {"tvboptim": "tvboptim", "cubnm": "cubnm", "neurolib": "neurolib", "tvb": "tvb-library"}


class EngineError(Exception):
    """An engine that is there did not do its work; the message is the end of what it printed."""


@dataclass(frozen=True)
class Engine:
    """One simulator and the interpreter that it is installed for."""

    name: str
    version: str
    python: str = sys.executable

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


@dataclass(frozen=True)
class Case:
    """Which connectome, how many simulations, how many threads."""

    n_regions: int
    n_people: int
    threads: int = 1


@dataclass(frozen=True)
class Turn:
    """What one run took; its amount is region-steps, or operations of the matrix product."""

    cpu_s: float
    wall_s: float
    amount: float
    finite: bool
    peak_mb: float

    @property
    def rate(self) -> float:
        """Amount per CPU-second, of all threads together."""
        return self.amount / self.cpu_s

    @property
    def wall_rate(self) -> float:
        """Amount per second."""
        return self.amount / self.wall_s


class Worker:
    """An engine made ready for one case; it waits while others run."""

    def __init__(
        self, engine: Engine, case: Case, folder: Path, *, until: float = math.inf
    ) -> None:
        self.engine, self._until = engine, until
        self._log = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - closed with the worker
        words = [f"{case.n_regions}.npz", case.n_people, case.threads]
        self._process = subprocess.Popen(
            [engine.python, ENGINES / "worker.py", engine.name, *(str(word) for word in words)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            cwd=folder,
        )
        try:
            self.ready = self._answer()
        except EngineError:
            self.__exit__(*sys.exc_info())
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None:
            self._process.kill()
        self._process.communicate()
        self._log.close()

    def once(self) -> Turn:
        """One run."""
        self._process.stdin.write("run\n")
        self._process.stdin.flush()
        turn = Turn(**self._answer())
        if not turn.finite:
            raise EngineError(f"{self.engine}: BOLD is missing or not finite")
        return turn

    def _answer(self) -> dict[str, Any]:
        left_s = None if math.isinf(self._until) else max(0.0, self._until - time.monotonic())
        if not select.select([self._process.stdout], [], [], left_s)[0]:
            raise EngineError(f"{self.engine}: time ran out")
        line = self._process.stdout.readline()
        if line:
            return json.loads(line)
        self._log.seek(0)
        last = self._log.read().decode(errors="replace").strip().splitlines()[-1:]
        raise EngineError(f"{self.engine}: {''.join(last) or 'ended without a word'}")


def installed(others: dict[str, str]) -> tuple[list[Engine], list[str]]:
    """The peers that are there, and the names of those that are not.

    others : name of a peer → the interpreter that it is installed for, if not this one
    """
    found, absent = [], []
    for name, package in PEERS.items():
        python = others.get(name, sys.executable)
        question = f"from importlib.metadata import version; print(version({package!r}))"
        asked = subprocess.run(
            [python, "-c", question], capture_output=True, text=True, check=False
        )
        if asked.returncode:
            absent.append(name)
        else:
            found.append(Engine(name, asked.stdout.strip(), python))
    return found, absent


def alternate(
    workers: Sequence[Worker], rounds: int, *, until: float = math.inf
) -> list[list[Turn]]:
    """Every worker once a round, the order turned by one every round; turns of each worker.

    until : monotonic time; no round is begun that would probably end after it, but one always is
    """
    turns: list[list[Turn]] = [[] for _ in workers]
    for k in range(rounds):
        started = time.monotonic()
        for i in range(len(workers)):
            at = (i + k) % len(workers)
            turns[at].append(workers[at].once())
        if 2 * time.monotonic() - started > until:
            break
    return turns


def script(
    name: str, words: Sequence[object], until: float, **environment: str
) -> dict[str, float]:
    """What one of our own scripts measured in a fresh process, by a monotonic time."""
    one_thread = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, ENGINES / name, *(str(word) for word in words)]
    left_s = None if math.isinf(until) else max(0.1, until - time.monotonic())
    try:
        done = subprocess.run(
            command,
            env=os.environ | one_thread | environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=left_s,
        )
    except subprocess.TimeoutExpired:
        raise EngineError(f"{name}: time ran out") from None
    if done.returncode:
        raise EngineError(f"{name}: {''.join(done.stderr.strip().splitlines()[-1:])}")
    return json.loads(done.stdout.splitlines()[-1])
