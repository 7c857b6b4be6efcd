"""1300 damaged images and masks: an error with a code, or the same numbers as of the whole one.

Damage of the compressed stream, planted where a disk or a transfer would, never changes a number
in silence. Headers are changed below the checksum, so that the file is whole and says something
else; where what it says stays plausible (the intensity scale) other numbers are right, and counted.
An uncompressed image has no checksum, so damage of its voxels cannot be told from other voxels.
"""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from defaultmode.core.errors import DefaultModeError
from defaultmode.sources.volumes import read_volumes
from mutants import BINARY, change_bytes, mutants
from volume_images import AFFINE, SHAPE, atlas, boxes, nifti, noise, packed, run

RAW = nifti(noise("int16")[..., :6])
GZIP = packed(RAW)
INSIDE = (np.random.default_rng(0).random(SHAPE) < 0.9).astype(np.uint8)
MASK = packed(nifti(INSIDE, AFFINE))
SCALE = frozenset(range(112, 120))  # scl_slope and scl_inter: any finite positive slope is valid
HEADER = 348
GZIP_HEADER = 10  # time, operating system and flags: no voxel depends on them


def signal_of(folder: Path, image: bytes, mask: bytes = MASK) -> np.ndarray:
    path = folder / "mask.nii.gz"
    path.write_bytes(mask)
    return read_volumes(run(folder, image, mask=path), atlas(6.35), boxes()).signal


def outcome(folder: Path, whole: np.ndarray, image: bytes, mask: bytes = MASK) -> str:
    """The error's code, "same" or "other numbers"; any other exception fails the test."""
    try:
        found = signal_of(folder, image, mask)
    except DefaultModeError as error:
        return error.code
    return "same" if np.array_equal(found, whole) else "other numbers"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> np.ndarray:
    return signal_of(tmp_path_factory.mktemp("whole"), GZIP)


@pytest.mark.parametrize(("what", "count"), [("image", 700), ("mask", 200)])
def test_damage_of_the_stream(
    what: str, count: int, tmp_path: Path, whole: np.ndarray, record_property
) -> None:
    seen: Counter[str] = Counter()
    for damaged in mutants(GZIP if what == "image" else MASK, BINARY, count, seed=1):
        parts = (damaged,) if what == "image" else (GZIP, damaged)
        seen[outcome(tmp_path, whole, *parts)] += 1
    record_property("mutants", f"{count} damaged streams ({what}): {dict(seen.most_common())}")
    assert sum(seen.values()) == count
    assert seen["other numbers"] == 0
    assert seen["same"] < count / 10, "hardly any damage is seen"


def test_other_headers(tmp_path: Path, whole: np.ndarray, record_property) -> None:
    seen: Counter[str] = Counter()
    for header in mutants(RAW[:HEADER], (change_bytes,), 400, seed=2):
        result = outcome(tmp_path, whole, packed(header + RAW[HEADER:]))
        if result == "other numbers":
            changed = {i for i in range(HEADER) if header[i] != RAW[i]}
            assert changed & SCALE, f"bytes {sorted(changed)} changed numbers in silence"
        seen[result] += 1
    plausible = seen["other numbers"]
    record_property(
        "mutants", f"400 other headers, {plausible} of them plausible: {dict(seen.most_common())}"
    )
    assert 0 < plausible < 40
