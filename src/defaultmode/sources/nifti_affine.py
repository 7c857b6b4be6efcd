"""Where a voxel lies in millimetres: the orientation part of a NIfTI header, checked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from defaultmode.core.errors import DefaultModeError
from defaultmode.core.recording import Array

AGREEMENT_MM = 0.1  # far above float32 rounding of a header, far below any voxel
VOXEL_SIZE_TOLERANCE = 0.01
SMALLEST_VOXEL_MM, LARGEST_VOXEL_MM = 0.1, 30.0
FARTHEST_MM = 10_000.0
LARGEST_CODE = 5  # NIFTI_XFORM_TEMPLATE_OTHER of the NIfTI-1 standard
AXES = ("LR", "PA", "IS")


@dataclass(frozen=True, slots=True)
class OrientationFields:
    """What a header says about position, as it stands in the file.

    voxel_mm : (3,); handedness : pixdim[0], of the qform; quaternion : b, c, d; offset_mm : (3,);
    rows : the sform, (3, 4); shape : (x, y, z)
    """

    qform_code: int
    sform_code: int
    handedness: float
    voxel_mm: Sequence[float]
    quaternion: Sequence[float]
    offset_mm: Sequence[float]
    rows: Sequence[float]
    shape: tuple[int, ...]

    @classmethod
    def of(
        cls, fields: Mapping[str, tuple[float, ...]], shape: tuple[int, ...]
    ) -> "OrientationFields":
        """Take them from the unpacked header."""
        return cls(
            qform_code=int(fields["qform_code"][0]),
            sform_code=int(fields["sform_code"][0]),
            handedness=fields["pixdim"][0],
            voxel_mm=fields["pixdim"][1:4],
            quaternion=fields["quatern"],
            offset_mm=fields["qoffset"],
            rows=fields["srow"],
            shape=shape,
        )


def orient(fields: OrientationFields, where: str) -> Array:
    """Voxel indices to millimetres, shape (4, 4): the sform where there is one, else the qform.

    Raises E109 (not finite, singular or absurd), E110 (no orientation), E111 (qform and sform put
    a corner of the image more than 0.1 mm apart), E112 (voxel sizes and affine differ by over 1 %).
    """
    _check_codes(fields, where)
    _check_voxel_sizes(fields.voxel_mm, where)
    qform = _qform(fields, where) if fields.qform_code else None
    sform = _sform(fields) if fields.sform_code else None
    affine = qform if sform is None else sform
    if affine is None:
        raise DefaultModeError("E110", f"{where}: sform and qform codes are both 0.")
    _check_affine(affine, where)
    _check_against_voxel_sizes(affine, fields.voxel_mm, where)
    if qform is not None and sform is not None:
        apart_mm = displacement_mm(qform, sform, fields.shape)
        if not apart_mm <= AGREEMENT_MM:
            msg = f"{where}: qform and sform put a corner of the image {apart_mm:.4g} mm apart."
            raise DefaultModeError("E111", msg)
    return affine


def displacement_mm(affine: Array, other: Array, shape: Sequence[int]) -> float:
    """Largest distance between the places two affines give one corner voxel of a grid."""
    corners = np.array(list(product(*((0, n - 1) for n in shape[:3]))), dtype=np.float64)
    difference = (affine - other)[:3]
    return float(np.linalg.norm(corners @ difference[:, :3].T + difference[:, 3], axis=1).max())


def orientation_codes(affine: Array) -> str:
    """Direction in which each voxel axis runs, such as "RAS" or "LPI"."""
    directions = affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0)
    codes = ["", "", ""]
    free_mm, free_voxel = {0, 1, 2}, {0, 1, 2}
    for _ in range(3):
        mm, voxel = max(product(free_mm, free_voxel), key=lambda at: abs(directions[at]))
        codes[voxel] = AXES[mm][int(directions[mm, voxel] > 0)]
        free_mm.remove(mm)
        free_voxel.remove(voxel)
    return "".join(codes)


def _check_codes(fields: OrientationFields, where: str) -> None:
    for name, code in (("qform_code", fields.qform_code), ("sform_code", fields.sform_code)):
        if not 0 <= code <= LARGEST_CODE:
            raise DefaultModeError("E110", f"{where}: {name} is {code}; the standard has 0 to 5.")


def _check_voxel_sizes(voxel_mm: Sequence[float], where: str) -> None:
    if not all(SMALLEST_VOXEL_MM <= size <= LARGEST_VOXEL_MM for size in voxel_mm):
        msg = (
            f"{where}: voxel sizes {_text(voxel_mm)} mm; "
            f"expected {SMALLEST_VOXEL_MM} to {LARGEST_VOXEL_MM:g} mm."
        )
        raise DefaultModeError("E109", msg)


def _qform(fields: OrientationFields, where: str) -> Array:
    b, c, d = fields.quaternion
    a_squared = 1.0 - (b * b + c * c + d * d)
    # A unit quaternion in float32 may overshoot 1 by rounding; NIfTI-1 takes a as 0 then.
    if not a_squared >= -1e-5:
        raise DefaultModeError("E109", f"{where}: the qform's quaternion is not a rotation.")
    if fields.handedness not in {-1.0, 0.0, 1.0}:
        raise DefaultModeError("E109", f"{where}: pixdim[0] is {fields.handedness:g}; expected ±1.")
    a = np.sqrt(max(a_squared, 0.0))
    if a_squared < 0:
        b, c, d = np.array([b, c, d]) / np.sqrt(b * b + c * c + d * d)
    rotation = np.array(
        [
            [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
            [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
            [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - b * b - c * c],
        ]
    )
    affine = np.eye(4)
    sign = -1.0 if fields.handedness < 0 else 1.0
    affine[:3, :3] = rotation * np.array([1.0, 1.0, sign]) * np.asarray(fields.voxel_mm)
    affine[:3, 3] = fields.offset_mm
    return affine


def _sform(fields: OrientationFields) -> Array:
    return np.vstack([np.reshape(fields.rows, (3, 4)), [0.0, 0.0, 0.0, 1.0]])


def _check_affine(affine: Array, where: str) -> None:
    if not np.isfinite(affine).all() or np.abs(affine).max() > FARTHEST_MM:
        raise DefaultModeError("E109", f"{where}: affine {affine[:3].tolist()}.")
    # Determinant of the directions alone: 1 for a rotation, 0 where two voxel axes run together.
    lengths = np.linalg.norm(affine[:3, :3], axis=0)
    volume = abs(np.linalg.det(affine[:3, :3]))
    if volume <= 0.1 * float(np.prod(lengths)):
        raise DefaultModeError("E109", f"{where}: the affine is singular: {affine[:3].tolist()}.")


def _check_against_voxel_sizes(affine: Array, voxel_mm: Sequence[float], where: str) -> None:
    from_affine = np.linalg.norm(affine[:3, :3], axis=0)
    if not np.allclose(from_affine, voxel_mm, rtol=VOXEL_SIZE_TOLERANCE, atol=0.0):
        msg = f"{where}: header {_text(voxel_mm)} mm, affine {_text(from_affine)} mm."
        raise DefaultModeError("E112", msg)


def _text(sizes: Sequence[float] | Array) -> str:
    return " × ".join(f"{size:.4g}" for size in sizes)
