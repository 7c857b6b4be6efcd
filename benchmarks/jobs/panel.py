"""Every measure of a 1200 × 400 recording, surrogates included, on one core.

python -m jobs.panel (in the folder benchmarks)
"""

import time
from collections.abc import Iterable

import numpy as np
from jobs.answering import answer
from made_recording import made_connectome, made_recording

N_STATES = 5
SHORT = 400  # frames of the recording on which everything is compiled and imported


def main() -> None:
    """Learn states, compile on a short recording, then time every measure in its order.

    What a family of measures shares is paid by the first of them.
    """
    from defaultmode.core.missing import Missing
    from defaultmode.core.recording import Recording
    from defaultmode.core.reference import Reference
    from defaultmode.measures import Measure, all_measures
    from defaultmode.measures._state_learning import learn_states

    def reference(recording: Recording) -> Reference:
        states = learn_states([recording], n_states=N_STATES, seed=0)
        return Reference(states, made_connectome(recording.atlas))

    def panel(recording: Recording, known: Reference) -> dict[str, tuple[float, str]]:
        return {m.name: timed(m, recording, known) for m in book}

    def timed(measure: Measure, recording: Recording, known: Reference) -> tuple[float, str]:
        started = time.perf_counter()
        value = measure(recording, known)
        missing = f"{value.code} {value.reason}" if isinstance(value, Missing) else ""
        return time.perf_counter() - started, missing

    book = list(all_measures().values())
    started = time.perf_counter()
    short = made_recording(SHORT)
    panel(short, reference(short))
    ready_s = time.perf_counter() - started
    recording = made_recording()
    started = time.perf_counter()
    known = reference(recording)
    learning_s = time.perf_counter() - started
    busy, started = time.process_time(), time.perf_counter()
    found = panel(recording, known)
    panel_s, cpu_s = time.perf_counter() - started, time.process_time() - busy
    answer(
        measures=len(book),
        panel_s=panel_s,
        cpu_s=cpu_s,
        learning_s=learning_s,
        ready_s=ready_s,
        share=_floor_s(recording.signal, known.surrogates) / cpu_s,
        slowest=_largest(found.items()),
        missing={name: why for name, (_, why) in found.items() if why},
    )


def _floor_s(signal: np.ndarray, n_surrogates: int) -> float:
    """CPU seconds of the transforms alone: one to draw each surrogate, two for its phases."""
    from scipy.fft import irfft, rfft

    spectrum = rfft(signal, axis=0)
    busy = time.process_time()
    for _ in range(n_surrogates):
        copy = irfft(spectrum, n=len(signal), axis=0)
        irfft(rfft(copy, axis=0), n=len(signal), axis=0)
    return time.process_time() - busy


def _largest(found: Iterable[tuple[str, tuple[float, str]]]) -> dict[str, float]:
    ordered = sorted(found, key=lambda row: -row[1][0])
    return {name: taken_s for name, (taken_s, _) in ordered[:15]}


if __name__ == "__main__":
    main()
