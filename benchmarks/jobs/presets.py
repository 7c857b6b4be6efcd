"""The multiverse: a recording denoised under four presets, together and one by one.

python -m jobs.presets ROUNDS (in the folder benchmarks)
"""

import sys
from collections.abc import Sequence

import numpy as np
from jobs.answering import alternating, answer
from made_run import TR_S, confounds

N_TIME, N_REGIONS = 300, 400
CENSORED = slice(5, None, 40)  # so that 36P+scrub keeps other frames than the rest


def main(rounds: int) -> None:
    """Compare both on made series; they are equal bit by bit."""
    from defaultmode.core.atlas import Atlas, Region
    from defaultmode.core.recording import Entities, Recording
    from defaultmode.denoising import Preset, denoise, denoise_all, presets_for

    table, sidecar = confounds(N_TIME)
    table["framewise_displacement"][CENSORED] = 0.5
    steps = np.random.default_rng(0).standard_normal((N_TIME, N_REGIONS))
    recording = Recording(
        1000 + 10 * steps,
        TR_S,
        Atlas("made", tuple(Region(f"r{i}", "none") for i in range(N_REGIONS))),
        Entities("01"),
        confounds=table,
        provenance={"confounds_sidecar": sidecar},
    )
    presets = [p for p in presets_for(recording).values() if isinstance(p, Preset)]

    def together() -> Sequence[object]:
        return list(denoise_all(recording, presets))

    def one_by_one() -> Sequence[object]:
        return [denoise(recording, preset) for preset in presets]

    same = all(
        isinstance(a, Recording) and isinstance(b, Recording) and np.array_equal(a.signal, b.signal)
        for a, b in zip(together(), one_by_one(), strict=True)
    )
    taken, ratios = alternating({"together": together, "one by one": one_by_one}, rounds)
    answer(
        presets=[preset.name for preset in presets],
        ours_s=taken["together"],
        theirs_s=taken["one by one"],
        ratio=ratios["one by one"],
        same=same,
    )


if __name__ == "__main__":
    main(int(sys.argv[1]))
