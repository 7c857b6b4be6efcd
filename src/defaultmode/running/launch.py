"""Launchers: the same tasks, one after another or on several processes, with the same numbers."""

import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Generic, TypeVar

from defaultmode.core.errors import DefaultModeError

Work = TypeVar("Work")
Out = TypeVar("Out")
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


@dataclass(frozen=True, slots=True)
class Task(Generic[Work]):
    """One piece of work, with the key that names it in logs and errors."""

    key: str
    work: Work


def worker_count(asked: int, tasks: int, *, mem_mb: int = 0, task_mb: int = 700) -> int:
    """Number of processes: as asked (0: every usable core), within tasks and memory.

    `task_mb` is the memory that one process needs; E605 when not even one fits into `mem_mb`.
    """
    if mem_mb and mem_mb < task_mb:
        raise DefaultModeError("E605", f"one process needs {task_mb} MB; --mem-mb allows {mem_mb}.")
    cores = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    within_memory = mem_mb // task_mb if mem_mb else tasks
    return max(1, min(asked or cores, tasks, within_memory))


def launch(
    function: Callable[[Work], Out], tasks: Sequence[Task[Work]], *, processes: int = 1
) -> Iterator[tuple[Task[Work], Out | DefaultModeError]]:
    """Carry every task out and yield it with its outcome, as they finish.

    A DefaultModeError is the outcome of its own task and stops no other; anything else is a bug and
    is raised. Linear algebra runs on one thread in every process, so that the numbers do not depend
    on the number of processes.
    """
    if processes <= 1:
        yield from _serial(function, tasks)
    else:
        yield from _pooled(function, tasks, processes)


def _serial(
    function: Callable[[Work], Out], tasks: Sequence[Task[Work]]
) -> Iterator[tuple[Task[Work], Out | DefaultModeError]]:
    for task in tasks:
        yield task, _guarded(function, task.work)


def _guarded(function: Callable[[Work], Out], work: Work) -> Out | DefaultModeError:
    from threadpoolctl import threadpool_limits

    try:
        with threadpool_limits(limits=1):
            return function(work)
    except DefaultModeError as problem:
        return problem
    except MemoryError:
        return DefaultModeError("E605", "memory ran out; use fewer processes with --nprocs.")


@contextmanager
def _interrupts_left_to_the_parent() -> Iterator[None]:
    """Processes started here ignore Ctrl-C, so that one sentence answers it and no traceback."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _pooled(
    function: Callable[[Work], Out], tasks: Sequence[Task[Work]], processes: int
) -> Iterator[tuple[Task[Work], Out | DefaultModeError]]:
    os.environ.update(dict.fromkeys(THREADS, "1"))  # children read it when they start
    pool = ProcessPoolExecutor(processes, mp_context=get_context("spawn"))
    try:
        with _interrupts_left_to_the_parent():
            waiting: dict[Future[Out | DefaultModeError], Task[Work]] = {
                pool.submit(_guarded, function, task.work): task for task in tasks
            }
        for future in as_completed(waiting):
            yield waiting[future], future.result()
    except BrokenProcessPool as problem:
        msg = "the system ended a process, most likely for its memory; lower --nprocs."
        raise DefaultModeError("E605", msg) from problem
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
