"""The bytes of a NIfTI header, read as they stand in the file and checked before any voxel is."""

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from defaultmode.core.errors import DefaultModeError
from defaultmode.sources.nifti_affine import OrientationFields, orient, orientation_codes

Fields = dict[str, tuple[float, ...]]
# Offset and type of each field: nifti1.h and nifti2.h of the NIfTI Data Format Working Group.
NIFTI_1 = {
    "dim": (40, "8h"),
    "datatype": (70, "h"),
    "bitpix": (72, "h"),
    "pixdim": (76, "8f"),
    "vox_offset": (108, "f"),
    "scl_slope": (112, "f"),
    "scl_inter": (116, "f"),
    "xyzt_units": (123, "B"),
    "qform_code": (252, "h"),
    "sform_code": (254, "h"),
    "quatern": (256, "3f"),
    "qoffset": (268, "3f"),
    "srow": (280, "12f"),
}
NIFTI_2 = {
    "datatype": (12, "h"),
    "bitpix": (14, "h"),
    "dim": (16, "8q"),
    "pixdim": (104, "8d"),
    "vox_offset": (168, "q"),
    "scl_slope": (176, "d"),
    "scl_inter": (184, "d"),
    "qform_code": (344, "i"),
    "sform_code": (348, "i"),
    "quatern": (352, "3d"),
    "qoffset": (376, "3d"),
    "srow": (400, "12d"),
    "xyzt_units": (500, "i"),
}
# sizeof_hdr → layout, where the magic lies, the magic of a single file, the least data offset
VERSIONS = {
    348: (NIFTI_1, slice(344, 348), b"n+1\0", 352),
    540: (NIFTI_2, slice(4, 12), b"n+2\0\r\n\x1a\n", 544),
}
LONGEST_HEADER = 540
DATA_TYPES = {
    2: "u1", 4: "i2", 8: "i4", 16: "f4", 64: "f8", 256: "i1",
    512: "u2", 768: "u4", 1024: "i8", 1280: "u8",
}  # fmt: skip
SECONDS_PER_UNIT = {0: 1.0, 8: 1.0, 16: 1e-3, 24: 1e-6}  # unknown (taken as seconds), s, ms, µs
MILLIMETRES = (0, 2)  # unknown, mm
SMALLEST_SCALE, LARGEST_SCALE = 1e-12, 1e12
LARGEST_OFFSET = 1 << 26


@dataclass(frozen=True, slots=True, eq=False)
class VolumeHeader:
    """What the header of a NIfTI file promises, checked.

    shape : (x, y, z) or (x, y, z, time); dtype : of a stored voxel, with its byte order
    slope, inter : value = stored × slope + inter; offset_bytes : where the voxels begin
    affine : (4, 4), voxel index to mm; tr_s : the header's own repetition time, 0 where it says 0
    """

    path: Path
    shape: tuple[int, ...]
    dtype: np.dtype[np.generic]
    slope: float
    inter: float
    offset_bytes: int
    affine: NDArray[np.float64]
    voxel_mm: tuple[float, ...]
    tr_s: float

    @property
    def orientation(self) -> str:
        """Direction in which each voxel axis runs, such as "RAS"."""
        return orientation_codes(self.affine)

    @property
    def n_voxels(self) -> int:
        """Voxels of one volume."""
        x, y, z = self.shape[:3]
        return x * y * z

    @property
    def n_time(self) -> int:
        """Number of volumes."""
        return self.shape[3] if len(self.shape) > 3 else 1

    @property
    def promised_bytes(self) -> int:
        """Length of the whole image, uncompressed, header included."""
        return self.offset_bytes + self.n_voxels * self.n_time * self.dtype.itemsize


def parse_header(raw: bytes, path: Path, *, series: bool) -> VolumeHeader:
    """Read and check the first 540 bytes of an image: a BOLD series, or a single volume.

    Raises E105 (not a NIfTI header), E106 (impossible dimensions or offset), E107 (data type),
    E108 (scale), E109 to E112 (orientation), E113 (not the number of dimensions asked for).
    """
    fields, order, least_offset = _unpack(raw, path)
    shape = _shape(fields, path, series=series)
    dtype = _data_type(fields, order, path)
    slope, inter = _scale(fields, path)
    offset = _offset(fields, least_offset, path)
    tr_s = _units(fields, path)
    affine = orient(OrientationFields.of(fields, shape), path.name)
    affine.flags.writeable = False
    voxel_mm = tuple(float(size) for size in fields["pixdim"][1:4])
    return VolumeHeader(path, shape, dtype, slope, inter, offset, affine, voxel_mm, tr_s)


def _unpack(raw: bytes, path: Path) -> tuple[Fields, str, int]:
    for order in "<>":
        size = struct.unpack_from(f"{order}i", raw)[0] if len(raw) >= 4 else 0
        if size not in VERSIONS:
            continue
        layout, magic, single, least_offset = VERSIONS[size]
        if len(raw) < size or raw[magic] != single:
            break
        fields = {
            name: struct.unpack_from(order + kind, raw, at) for name, (at, kind) in layout.items()
        }
        return fields, order, least_offset
    msg = f"{path} does not begin with the header of a single-file NIfTI-1 or NIfTI-2 image."
    if raw[:2] == b"\x1f\x8b":
        msg = f"{path} is compressed with gzip but is not called .nii.gz."
    raise DefaultModeError("E105", msg)


def _shape(fields: Fields, path: Path, *, series: bool) -> tuple[int, ...]:
    n_dimensions, *sizes = (int(size) for size in fields["dim"])
    if not 1 <= n_dimensions <= 7 or any(size < 1 for size in sizes[:n_dimensions]):
        raise DefaultModeError("E106", f"{path}: dimensions {n_dimensions}, {sizes}.")
    shape = tuple(sizes[:n_dimensions])
    if series and (len(shape) != 4 or shape[3] < 2):
        raise DefaultModeError("E113", f"{path}: shape {shape}; expected (x, y, z, time).")
    if not series and (len(shape) not in {3, 4} or shape[3:] not in {(), (1,)}):
        raise DefaultModeError("E113", f"{path}: shape {shape}; expected one volume (x, y, z).")
    return shape if series else shape[:3]


def _data_type(fields: Fields, order: str, path: Path) -> np.dtype[np.generic]:
    code, bits = int(fields["datatype"][0]), int(fields["bitpix"][0])
    if code not in DATA_TYPES:
        raise DefaultModeError("E107", f"{path}: data type code {code} is not a real number.")
    dtype: np.dtype[np.generic] = np.dtype(order + DATA_TYPES[code])
    if bits != 8 * dtype.itemsize:
        raise DefaultModeError("E107", f"{path}: {dtype.name} voxels, but {bits} bits in each.")
    return dtype


def _scale(fields: Fields, path: Path) -> tuple[float, float]:
    slope, inter = fields["scl_slope"][0], fields["scl_inter"][0]
    if slope == 0:  # the standard's way to say that there is no scale
        return 1.0, 0.0
    # A negative slope would turn every signal upside down; no preprocessing writes one.
    if not SMALLEST_SCALE <= slope <= LARGEST_SCALE or not abs(inter) <= LARGEST_SCALE:
        raise DefaultModeError("E108", f"{path}: scl_slope {slope:g}, scl_inter {inter:g}.")
    return slope, inter


def _offset(fields: Fields, least: int, path: Path) -> int:
    offset = fields["vox_offset"][0]
    if not least <= offset <= LARGEST_OFFSET or offset != int(offset):
        msg = f"{path}: the voxels begin at byte {offset:g}; expected {least} or later."
        raise DefaultModeError("E106", msg)
    return int(offset)


def _units(fields: Fields, path: Path) -> float:
    units = int(fields["xyzt_units"][0])
    space, time = units & 0x07, units & 0x38
    if space not in MILLIMETRES:
        raise DefaultModeError("E109", f"{path}: the unit of space is code {space}; expected mm.")
    if time not in SECONDS_PER_UNIT:
        msg = f"{path}: the unit of the fourth axis is code {time}; expected seconds."
        raise DefaultModeError("E113", msg)
    return fields["pixdim"][4] * SECONDS_PER_UNIT[time]
