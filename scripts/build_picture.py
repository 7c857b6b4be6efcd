"""Draw the README's picture from the embedded recordings: regions and strongest connections.

    python scripts/build_picture.py

writes docs/picture.svg: the mean Fisher z of the people measured in Schaefer-100, `as-supplied`.
"""

from pathlib import Path

import numpy as np

from defaultmode.core.missing import Missing
from defaultmode.denoising import all_presets, denoise
from defaultmode.figures import brain, svg_of
from defaultmode.sources.embedded import embedded_recordings

PICTURE = Path(__file__).parents[1] / "docs" / "picture.svg"


def main() -> None:
    """Average over the runs of each person, then over persons, and draw."""
    people: dict[str, list[np.ndarray]] = {}
    atlas = None
    for recording in embedded_recordings():
        if recording.atlas.name != "schaefer100":
            continue
        cleaned = denoise(recording, all_presets()["as-supplied"])
        if isinstance(cleaned, Missing):
            raise SystemExit(cleaned.reason)
        atlas = cleaned.atlas
        r = np.corrcoef(cleaned.kept, rowvar=False)
        z = np.arctanh(np.clip(r, -0.999999, 0.999999))
        people.setdefault(cleaned.entities.participant, []).append(z)
    mean = np.mean([np.mean(runs, axis=0) for runs in people.values()], axis=0)
    np.fill_diagonal(mean, np.nan)
    if atlas is None:
        raise SystemExit("no embedded recording is measured in schaefer100")
    PICTURE.write_bytes(svg_of(brain(mean, atlas, title="")))
    print(f"{PICTURE.name}: {len(people)} people, {PICTURE.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
