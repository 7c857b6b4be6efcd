"""One engine in a process of its own that waits for 'run' and answers what a run took.

python worker.py ENGINE WORK.npz N_PEOPLE THREADS
"""

import importlib
import json
import os
import sys
import time
from pathlib import Path

# an engine's libraries read these when they are imported
for variable in ("OMP", "OPENBLAS", "MKL", "NUMBA", "NUMEXPR"):
    os.environ[f"{variable}_NUM_THREADS"] = sys.argv[4]
if hasattr(os, "sched_setaffinity"):  # not every library counts its threads as it is told
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: int(sys.argv[4])])


def serve(name: str, path: Path, n_people: int, threads: int) -> None:
    """Make the engine ready, then run it once for every line that comes in."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # compiled engines print what they like; answers have a way of their own
    started = time.perf_counter()
    from work import STEPS_PER_S, load, peak_mb

    engine = importlib.import_module(f"run_{name}")
    if not engine.BATCHES:
        n_people = 1
    work = load(path, n_people, threads)
    seconds, run = engine.prepare(work)
    steps = work.n_regions * n_people * STEPS_PER_S * seconds
    amount = getattr(engine, "OPERATIONS", steps)
    ready = {
        "setup_s": time.perf_counter() - started,
        "n_people": n_people,
        "threads": threads if engine.THREADS else 1,
        "simulated_s": seconds,
    }
    print(json.dumps(ready), file=answers)
    for _ in sys.stdin:
        busy, begun = time.process_time(), time.perf_counter()
        bold = run()
        cpu_s, wall_s = time.process_time() - busy, time.perf_counter() - begun
        turn = {"cpu_s": cpu_s, "wall_s": wall_s, "amount": amount}
        print(json.dumps(turn | {"finite": all_finite(bold), "peak_mb": peak_mb()}), file=answers)


def all_finite(bold: object) -> bool:
    """Whether a run left numbers behind, and only numbers."""
    import numpy as np

    values = np.asarray(bold)
    return values.size > 0 and bool(np.isfinite(values).all())


if __name__ == "__main__":
    serve(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
