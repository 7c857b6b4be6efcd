"""No damage to a file gives other numbers in silence: the same signal, or an error with a code.

What the format itself cannot tell apart is left out, and named here:
- scl_slope and scl_inter (bytes 112 to 119): stored once, and any finite positive slope is valid;
- an orientation that moves no voxel by 0.1 mm: less than headers differ by rounding.
"""

from pathlib import Path
from struct import calcsize

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from defaultmode.core.errors import DefaultModeError
from defaultmode.sources.nifti_header import NIFTI_1
from defaultmode.sources.volumes import read_volumes
from volume_images import atlas, boxes, nifti, noise, packed, run

RAW = nifti(noise("int16")[..., :6])
GZIP = packed(RAW)
SCALE = frozenset(range(112, 120))
HEADER_BYTES = sorted(set(range(348)) - SCALE)
FIELDS = [range(at, at + calcsize("<" + kind)) for at, kind in NIFTI_1.values()]
READ = sorted({0, 1, 2, 3, *range(344, 348)}.union(*FIELDS) - SCALE)
UNREAD = sorted(set(HEADER_BYTES) - set(READ))
# No voxel centre is within 0.1 mm of the rim of a sphere: 3 mm × √4 = 6 and 3 mm × √5 = 6.7.
ATLAS = atlas(6.35)


def signals(folder: Path, content: bytes, name: str) -> list[np.ndarray]:
    files = run(folder, content, name)
    return [read_volumes(files, ATLAS, labels).signal for labels in (boxes(), None)]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> list[np.ndarray]:
    return signals(tmp_path_factory.mktemp("whole"), RAW, "bold.nii")


def outcome(content: bytes, name: str, folder: Path, whole: list[np.ndarray]) -> str:
    """The error's code, or "same"; other numbers fail, and so does any other exception."""
    try:
        found = signals(folder, content, name)
    except DefaultModeError as error:
        return error.code
    for signal, expected in zip(found, whole, strict=True):
        np.testing.assert_array_equal(signal, expected)
    return "same"


@pytest.mark.parametrize("bit", range(8))
def test_one_bit_of_the_header(bit: int, tmp_path: Path, whole: list[np.ndarray]) -> None:
    codes = set()
    for at in READ[bit % 2 :: 2] + UNREAD[bit::16]:
        damaged = bytearray(RAW)
        damaged[at] ^= 1 << bit
        codes.add(outcome(bytes(damaged), "bold.nii", tmp_path, whole))
    assert {"same", "E106", "E109"} <= codes


@settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    changes=st.dictionaries(
        st.sampled_from(HEADER_BYTES), st.integers(0, 255), min_size=2, max_size=8
    )
)
def test_several_bytes_of_the_header(
    changes: dict[int, int], tmp_path: Path, whole: list[np.ndarray]
) -> None:
    damaged = bytearray(RAW)
    for at, value in changes.items():
        damaged[at] = value
    outcome(packed(bytes(damaged)), "bold.nii.gz", tmp_path, whole)


def test_one_bit_of_the_gzip_stream(tmp_path: Path, whole: list[np.ndarray]) -> None:
    rng = np.random.default_rng(0)
    header = range(10)  # time, operating system and flags of the gzip header carry no voxel
    places = [*header, *rng.integers(10, len(GZIP), 150), *range(len(GZIP) - 8, len(GZIP))]
    outcomes = []
    for at in places:
        damaged = bytearray(GZIP)
        damaged[at] ^= 1 << rng.integers(8)
        outcomes.append(outcome(bytes(damaged), "bold.nii.gz", tmp_path, whole))
    assert set(outcomes[len(header) :]) <= {"E102", "E103", "E104", "E105", "E106"}


def test_every_truncation(tmp_path: Path, whole: list[np.ndarray]) -> None:
    rng = np.random.default_rng(1)
    lengths = [*range(12), *rng.integers(12, len(GZIP), 80), *range(len(GZIP) - 12, len(GZIP))]
    found = {outcome(GZIP[:n], "bold.nii.gz", tmp_path, whole) for n in lengths}
    assert found <= {"E101", "E102", "E103"}


@pytest.mark.parametrize("fill", ["zeros", "another block"])
def test_lost_blocks(fill: str, tmp_path: Path, whole: list[np.ndarray]) -> None:
    rng = np.random.default_rng(2)
    for _ in range(40):
        at, other = rng.integers(0, len(GZIP) - 512, 2)
        block = bytes(512) if fill == "zeros" else GZIP[other : other + 512]
        damaged = GZIP[:at] + block + GZIP[at + 512 :]
        assert outcome(damaged, "bold.nii.gz", tmp_path, whole).startswith("E1")
